import core.clock
import django.db.models.constraints
import django.db.models.deletion
import teams.models.user
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
        ('teams', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='EngineHeartbeat',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('ticked_at', models.DateTimeField()),
                ('ticked_by', models.CharField(default='worker', max_length=60)),
                ('clock_fault_at', models.DateTimeField(blank=True, null=True)),
                ('paused_reason', models.CharField(blank=True, default='', max_length=200)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='heartbeat_single_row')],
            },
        ),
        migrations.CreateModel(
            name='EscalationPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('repeat', models.PositiveSmallIntegerField(default=0, verbose_name='further rounds')),
                ('is_default', models.BooleanField(default=False, verbose_name='default of its team')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='policies', to='teams.team')),
            ],
            options={
                'verbose_name_plural': 'escalation policies',
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('team', 'name'), name='policy_name_in_team'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('team',), name='policy_one_default'), models.CheckConstraint(condition=models.Q(('repeat__lte', 20)), name='policy_repeat_bounded')],
            },
        ),
        migrations.CreateModel(
            name='EscalationRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject_key', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=300)),
                ('body', models.TextField(blank=True, default='')),
                ('url_path', models.CharField(max_length=500)),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], default='high', max_length=10)),
                ('snapshot', models.JSONField()),
                ('lane', models.CharField(blank=True, default='', max_length=100)),
                ('status', models.CharField(choices=[('active', 'Paging'), ('acknowledged', 'Acknowledged'), ('stopped', 'Stopped'), ('exhausted', 'Nobody left to page')], default='active', max_length=15)),
                ('round', models.PositiveSmallIntegerField(default=0)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('reached', models.BooleanField(default=False)),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(default=core.clock.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='oncall.escalationpolicy')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('status', 'active')), fields=['next_at', 'id'], name='run_due'), models.Index(fields=['subject_key', 'id'], name='run_by_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'active')), fields=('subject_key', 'policy'), name='run_active_once'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('next_at__isnull', False), ('status', 'active')), models.Q(models.Q(('status', 'active'), _negated=True), ('ended_at__isnull', False), ('next_at__isnull', True)), _connector='OR'), name='run_active_iff_next'), models.CheckConstraint(condition=models.Q(('status__in', ['active', 'acknowledged', 'stopped', 'exhausted'])), name='run_status_known')],
            },
        ),
        migrations.CreateModel(
            name='PolicyStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('delay_minutes', models.PositiveIntegerField(default=5, verbose_name='wait before the next step (minutes)')),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='oncall.escalationpolicy')),
            ],
            options={
                'ordering': ['policy_id', 'position'],
                'constraints': [models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('policy', 'position'), name='step_position_once'), models.CheckConstraint(condition=models.Q(('delay_minutes__lte', 10080)), name='step_delay_bounded')],
            },
        ),
        migrations.CreateModel(
            name='RunPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField()),
                ('step', models.PositiveSmallIntegerField()),
                ('reached', models.BooleanField(default=True)),
                ('reason', models.CharField(blank=True, default='', max_length=300)),
                ('at', models.DateTimeField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pages', to='oncall.escalationrun')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pages', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['run', 'id'], name='page_by_run'), models.Index(fields=['user', '-at'], name='page_by_user')],
                'constraints': [models.UniqueConstraint(fields=('run', 'round', 'step', 'user'), name='page_once')],
            },
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('timezone', models.CharField(default='UTC', max_length=64, validators=[teams.models.user.validate_zone], verbose_name='time zone')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='schedules', to='teams.team')),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('team', 'name'), name='schedule_name_in_team')],
            },
        ),
        migrations.CreateModel(
            name='Rotation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('layer', models.PositiveSmallIntegerField(default=0, verbose_name='layer')),
                ('starts_at', models.CharField(max_length=19)),
                ('serves_from', models.CharField(blank=True, default='', max_length=19)),
                ('ends_at', models.CharField(blank=True, default='', max_length=19)),
                ('unit', models.CharField(choices=[('hour', 'Hours'), ('day', 'Days'), ('week', 'Weeks'), ('month', 'Months')], default='week', max_length=10)),
                ('count', models.PositiveSmallIntegerField(default=1)),
                ('members', models.JSONField(default=list)),
                ('by_day', models.JSONField(blank=True, default=list)),
                ('week_start', models.CharField(default='mo', max_length=2)),
                ('restrictions', models.JSONField(blank=True, default=list)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('successor_of', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='oncall.rotation')),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rotations', to='oncall.schedule')),
            ],
            options={
                'ordering': ['-layer', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('count__gte', 1)), name='rotation_count_positive'), models.CheckConstraint(condition=models.Q(('unit__in', ['hour', 'day', 'week', 'month'])), name='rotation_unit_known')],
            },
        ),
        migrations.CreateModel(
            name='PolicyTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('user', 'Person'), ('schedule', 'Schedule'), ('team', 'Whole team')], max_length=10)),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='oncall.policystep')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='oncall.schedule')),
            ],
            options={
                'ordering': ['step_id', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('schedule__isnull', True), ('team__isnull', True), ('type', 'user'), ('user__isnull', False)), models.Q(('schedule__isnull', False), ('team__isnull', True), ('type', 'schedule'), ('user__isnull', True)), models.Q(('schedule__isnull', True), ('team__isnull', False), ('type', 'team'), ('user__isnull', True)), _connector='OR'), name='target_is_one_thing')],
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('take_over', 'Takes over alone'), ('replace', 'Replaces one person'), ('add', 'Joins'), ('remove', 'Is taken off')], default='take_over', max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('replaces', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='oncall.schedule')),
            ],
            options={
                'ordering': ['starts_at', 'id'],
                'indexes': [models.Index(fields=['schedule', 'ends_at'], name='override_by_schedule')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='override_ends_after_start'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['take_over', 'add']), ('user__isnull', False)), models.Q(('kind', 'replace'), ('replaces__isnull', False), ('user__isnull', False)), models.Q(('kind', 'remove'), ('replaces__isnull', False), ('user__isnull', True)), _connector='OR'), name='override_people_fit_kind')],
            },
        ),
        migrations.CreateModel(
            name='CalendarToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_tokens', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='calendar_tokens', to='oncall.schedule')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
    ]
