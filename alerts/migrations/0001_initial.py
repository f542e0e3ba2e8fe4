import core.clock
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('incidents', '0001_initial'),
        ('services', '0001_initial'),
        ('teams', '0001_initial'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Integration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('kind', models.CharField(choices=[('generic', 'Generic JSON'), ('alertmanager', 'Prometheus Alertmanager'), ('grafana', 'Grafana'), ('pagerduty', 'PagerDuty Events v2'), ('opsgenie', 'Opsgenie alerts')], default='generic', max_length=20, verbose_name='source')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='integrations', to='teams.team')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='integrations', to='services.service')),
                ('key_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('key_hint', models.CharField(editable=False, max_length=4)),
                ('next_key_digest', models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True)),
                ('next_key_hint', models.CharField(blank=True, default='', editable=False, max_length=4)),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('last_received_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['generic', 'alertmanager', 'grafana', 'pagerduty', 'opsgenie'])), name='integration_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='MaintenanceWindow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='maintenance_windows', to='services.service')),
                ('reason', models.CharField(max_length=300, verbose_name='what is being done')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['-ends_at', '-id'],
                'indexes': [models.Index(fields=['service', 'ends_at'], name='maintenance_by_service')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='maintenance_ends_after_start')],
            },
        ),
        migrations.CreateModel(
            name='Silence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='silences', to='services.service')),
                ('matchers', models.JSONField(blank=True, default=list)),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('starts_at', models.DateTimeField(verbose_name='starts')),
                ('ends_at', models.DateTimeField(verbose_name='ends')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['-ends_at', '-id'],
                'indexes': [models.Index(fields=['service', 'ends_at'], name='silence_by_service')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='silence_ends_after_start')],
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='alerts.integration')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='services.service')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
                ('dedup_key', models.CharField(max_length=512)),
                ('group_key', models.CharField(max_length=512)),
                ('status', models.CharField(choices=[('firing', 'Firing'), ('acknowledged', 'Acknowledged'), ('resolved', 'Resolved')], default='firing', max_length=15, verbose_name='status')),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], default='high', max_length=10)),
                ('severity', models.CharField(blank=True, default='', max_length=40)),
                ('title', models.CharField(max_length=300, verbose_name='title')),
                ('description', models.TextField(blank=True, default='')),
                ('source', models.CharField(blank=True, default='', max_length=300)),
                ('labels', models.JSONField(default=dict)),
                ('links', models.JSONField(default=list)),
                ('raw', models.JSONField(null=True)),
                ('count', models.PositiveIntegerField(default=1)),
                ('incident', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='alerts', to='incidents.incident')),
                ('came_from', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, editable=False, size=None)),
                ('route', models.JSONField(default=list)),
                ('held_by', models.CharField(blank=True, default='', max_length=300)),
                ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                ('occurred_at', models.DateTimeField(blank=True, null=True)),
                ('first_seen_at', models.DateTimeField(default=core.clock.now)),
                ('last_seen_at', models.DateTimeField(default=core.clock.now)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['service', '-id'], name='alert_by_service'), models.Index(fields=['team', '-id'], name='alert_by_team'), models.Index(fields=['status', '-id'], name='alert_by_status'), models.Index(fields=['incident', 'id'], name='alert_by_incident'), models.Index(condition=models.Q(('status', 'resolved'), _negated=True), fields=['service', 'group_key'], name='alert_open_group')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'resolved'), _negated=True), fields=('integration', 'dedup_key'), name='alert_open_once'), models.CheckConstraint(condition=models.Q(('status__in', ['firing', 'acknowledged', 'resolved'])), name='alert_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'resolved'), _negated=True), ('resolved_at__isnull', False), _connector='OR'), name='alert_resolved_has_time')],
            },
        ),
        migrations.CreateModel(
            name='IntakeItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('integration', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='alerts.integration')),
                ('service', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.service')),
                ('action', models.CharField(choices=[('trigger', 'Trigger'), ('acknowledge', 'Acknowledge'), ('resolve', 'Resolve')], max_length=12)),
                ('dedup_key', models.CharField(max_length=512)),
                ('parsed', models.JSONField()),
                ('raw', models.JSONField(null=True)),
                ('request_id', models.UUIDField()),
                ('status', models.CharField(choices=[('pending', 'Waiting'), ('done', 'Done'), ('dropped', 'Dropped'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('outcome', models.CharField(blank=True, default='', max_length=300)),
                ('alert', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='alerts.alert')),
                ('received_at', models.DateTimeField(default=core.clock.now)),
                ('processed_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['service', 'id'], name='intake_pending'), models.Index(fields=['integration', '-id'], name='intake_by_integration'), models.Index(fields=['alert', 'id'], name='intake_by_alert'), models.Index(fields=['request_id'], name='intake_by_request')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'done', 'dropped', 'failed'])), name='intake_status_known')],
            },
        ),
    ]
