import core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('services', '0001_initial'),
        ('teams', '0001_initial'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='IncidentCounter',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('last_number', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='incident_counter_single_row')],
            },
        ),
        migrations.CreateModel(
            name='SeverityLevel',
            fields=[
                ('rank', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('label', models.CharField(max_length=40, verbose_name='label')),
                ('meaning', models.CharField(max_length=300, verbose_name='meaning')),
                ('ack_minutes', models.PositiveIntegerField(blank=True, null=True, verbose_name='acknowledge within (min)')),
                ('internal_update_minutes', models.PositiveIntegerField(blank=True, null=True, verbose_name='internal update every (min)')),
                ('public_update_minutes', models.PositiveIntegerField(blank=True, null=True, verbose_name='public update every (min)')),
                ('executive_minutes', models.PositiveIntegerField(blank=True, null=True, verbose_name='executive told within (min)')),
                ('review_hours', models.PositiveIntegerField(blank=True, null=True, verbose_name='review held within (h)')),
                ('postmortem_days', models.PositiveIntegerField(blank=True, null=True, verbose_name='postmortem due in (days)')),
                ('postmortem_working_days', models.BooleanField(default=False, verbose_name='count working days only')),
                ('postmortem_required', models.BooleanField(default=False, verbose_name='postmortem required')),
                ('needs_commander', models.BooleanField(default=False, verbose_name='commander required')),
            ],
            options={
                'ordering': ['rank'],
                'constraints': [models.CheckConstraint(condition=models.Q(('rank__lte', 4)), name='severity_rank_0_to_4')],
            },
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('impact', models.CharField(blank=True, default='', max_length=500, verbose_name='impact')),
                ('status', models.CharField(choices=[('triage', 'Triage'), ('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved'), ('in_review', 'In review'), ('closed', 'Closed'), ('declined', 'Declined'), ('merged', 'Merged')], default='triage', max_length=20)),
                ('severity', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incidents.severitylevel')),
                ('kind', models.CharField(choices=[('real', 'Incident'), ('drill', 'Drill'), ('backfilled', 'Backfilled'), ('maintenance', 'Maintenance')], default='real', max_length=20)),
                ('visibility', models.CharField(choices=[('open', 'As its team'), ('restricted', 'Only people invited')], default='open', max_length=20)),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], default='high', max_length=10)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incidents', to='teams.team')),
                ('source', models.CharField(blank=True, default='', max_length=200)),
                ('source_link', models.URLField(blank=True, default='', max_length=500)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
                ('last_seq', models.PositiveIntegerField(default=0)),
                ('page_status', models.CharField(choices=[('none', 'Nobody has been paged'), ('paging', 'Paging'), ('acknowledged', 'Acknowledged'), ('exhausted', 'Nobody answered')], default='none', max_length=15)),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                ('snoozed_by_alerts', models.BooleanField(default=False)),
                ('commander', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('alert_count', models.PositiveIntegerField(default=0)),
                ('firing_count', models.PositiveIntegerField(default=0)),
                ('alerts_clear_at', models.DateTimeField(blank=True, null=True)),
                ('auto_resolved', models.BooleanField(default=False)),
                ('next_update_due_at', models.DateTimeField(blank=True, null=True)),
                ('next_update_audience', models.CharField(blank=True, choices=[('internal', 'Internal'), ('executive', 'Executive'), ('support', 'Support'), ('public', 'Public')], default='', max_length=20)),
                ('impact_started_at', models.DateTimeField(blank=True, null=True)),
                ('detected_at', models.DateTimeField(blank=True, null=True)),
                ('declared_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('commander_assigned_at', models.DateTimeField(blank=True, null=True)),
                ('first_internal_update_at', models.DateTimeField(blank=True, null=True)),
                ('first_public_update_at', models.DateTimeField(blank=True, null=True)),
                ('cause_known_at', models.DateTimeField(blank=True, null=True)),
                ('mitigated_at', models.DateTimeField(blank=True, null=True)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('ack_window_met', models.BooleanField(blank=True, null=True)),
                ('cause_unknown', models.BooleanField(default=False)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('merged_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='incidents.incident')),
                ('status_before_merge', models.CharField(blank=True, default='', max_length=20)),
            ],
            options={
                'ordering': ['-number'],
                'permissions': [('respond_incident', 'Can respond to the incident')],
                'indexes': [models.Index(condition=models.Q(('status__in', ('triage', 'investigating', 'identified', 'monitoring'))), fields=['-number'], name='incident_active'), models.Index(fields=['status', '-number'], name='incident_by_status'), models.Index(fields=['team', '-number'], name='incident_by_team'), models.Index(fields=['severity', '-number'], name='incident_by_severity'), models.Index(condition=models.Q(('alerts_clear_at__isnull', False), ('status', 'triage')), fields=['alerts_clear_at'], name='incident_quiet_triage'), models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['snoozed_until'], name='incident_snoozed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['triage', 'investigating', 'identified', 'monitoring', 'resolved', 'in_review', 'closed', 'declined', 'merged'])), name='incident_status_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['real', 'drill', 'backfilled', 'maintenance'])), name='incident_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'merged'), _negated=True), ('merged_into__isnull', False), _connector='OR'), name='incident_merged_has_survivor'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['resolved', 'in_review', 'closed']), _negated=True), ('resolved_at__isnull', False), _connector='OR'), name='incident_resolved_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'declined'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='incident_declined_has_reason'), models.CheckConstraint(condition=models.Q(('mitigated_at__isnull', True), ('impact_started_at__isnull', True), ('mitigated_at__gte', models.F('impact_started_at')), _connector='OR'), name='incident_mitigated_after_start')],
            },
        ),
        migrations.CreateModel(
            name='IncidentGroupPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.group')),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='group_grants', to='incidents.incident')),
            ],
            options={
                'unique_together': {('group', 'permission', 'content_object')},
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='IncidentService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_rows', to='incidents.incident')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incident_rows', to='services.service')),
                ('condition', models.CharField(choices=[('unavailable', 'Unavailable'), ('degraded', 'Degraded'), ('bug', 'Bug'), ('operational', 'Operational'), ('unknown', 'Not known yet')], default='unknown', max_length=20)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'id'],
                'indexes': [models.Index(fields=['service', '-incident'], name='incident_by_service')],
                'constraints': [models.UniqueConstraint(fields=('incident', 'service'), name='incident_service_once')],
            },
        ),
        migrations.CreateModel(
            name='IncidentUpdate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='incidents.incident')),
                ('audience', models.CharField(choices=[('internal', 'Internal'), ('executive', 'Executive'), ('support', 'Support'), ('public', 'Public')], max_length=20)),
                ('text', models.TextField()),
                ('status', models.CharField(max_length=20)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('author_label', models.CharField(max_length=200)),
                ('sent_at', models.DateTimeField()),
                ('next_update_due_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-sent_at', '-id'],
                'indexes': [models.Index(fields=['incident', 'audience', '-sent_at'], name='update_by_incident')],
            },
        ),
        migrations.CreateModel(
            name='IncidentUserPermission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('permission', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='auth.permission')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('content_object', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='user_grants', to='incidents.incident')),
            ],
            options={
                'unique_together': {('user', 'permission', 'content_object')},
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='role_rows', to='incidents.incident')),
                ('role', models.CharField(choices=[('commander', 'Commander'), ('deputy', 'Deputy'), ('scribe', 'Scribe'), ('communications', 'Communications'), ('customer_liaison', 'Customer liaison'), ('internal_liaison', 'Internal liaison'), ('expert', 'Subject-matter expert'), ('executive', 'Executive contact'), ('observer', 'Observer'), ('responder', 'Responder')], max_length=20)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incident_roles', to=settings.AUTH_USER_MODEL)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, default='', max_length=500)),
            ],
            options={
                'ordering': ['incident_id', 'id'],
                'indexes': [models.Index(fields=['user', '-incident'], name='role_by_user')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True), ('role__in', ('commander', 'deputy', 'scribe', 'communications', 'customer_liaison', 'internal_liaison'))), fields=('incident', 'role'), name='role_single_holder'), models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('incident', 'role', 'user'), name='role_person_once')],
            },
        ),
        migrations.CreateModel(
            name='TimelineEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='timeline', to='incidents.incident')),
                ('seq', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('declared', 'Declared'), ('state', 'State'), ('severity', 'Severity'), ('impact', 'Impact'), ('role', 'Role'), ('joined', 'Joined'), ('left', 'Left'), ('page_sent', 'Page sent'), ('page_failed', 'Page not delivered'), ('acknowledged', 'Acknowledged'), ('escalated', 'Escalated'), ('snoozed', 'Snoozed'), ('visibility', 'Visibility'), ('alert_attached', 'Alert attached'), ('alerts_clear', 'Alerts clear'), ('change_event', 'Change'), ('decision', 'Decision'), ('note', 'Note'), ('evidence', 'Evidence'), ('update_sent', 'Update sent'), ('public_notice', 'Public notice'), ('merged', 'Merged'), ('linked', 'Linked'), ('handover', 'Handover'), ('correction', 'Correction')], max_length=20)),
                ('happened_at', models.DateTimeField()),
                ('written_at', models.DateTimeField()),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('author_label', models.CharField(max_length=200)),
                ('author_role', models.CharField(blank=True, default='', max_length=20)),
                ('text', models.TextField(blank=True, default='')),
                ('data', models.JSONField(default=dict)),
                ('audience', models.CharField(choices=[('responders', 'Responders'), ('support', 'Support'), ('public', 'Public')], default='responders', max_length=20)),
                ('source', models.CharField(choices=[('web', 'Web'), ('api', 'API'), ('mail', 'E-mail'), ('push', 'Push notification'), ('sms', 'Text message'), ('voice', 'Phone call'), ('chat', 'Chat'), ('rule', 'Rule')], default='web', max_length=10)),
                ('starred', models.BooleanField(default=False)),
                ('edited_at', models.DateTimeField(blank=True, null=True)),
                ('redacted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'timeline entries',
                'ordering': ['incident_id', 'seq'],
                'indexes': [models.Index(fields=['incident', '-happened_at', '-seq'], name='timeline_by_time')],
                'constraints': [models.UniqueConstraint(fields=('incident', 'seq'), name='timeline_seq_once'), models.CheckConstraint(condition=models.Q(('seq__gte', 1)), name='timeline_seq_from_one')],
            },
        ),
        migrations.CreateModel(
            name='TimelineRevision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='incidents.timelineentry')),
                ('text', models.TextField(blank=True, default='')),
                ('happened_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField()),
                ('replaced_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['entry_id', 'id'],
            },
        ),
        migrations.AddField(
            model_name='Incident',
            name='services',
            field=models.ManyToManyField(related_name='incidents', through='incidents.IncidentService', to='services.service'),
        ),
    ]
