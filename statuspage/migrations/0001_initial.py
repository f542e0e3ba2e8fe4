import core.clock
import django.db.models.deletion
import statuspage.ids
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
            name='StatusPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=statuspage.ids.new_id, editable=False, max_length=12, unique=True)),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.CharField(blank=True, default='', max_length=300, verbose_name='what it is about')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='status_pages', to='teams.team')),
                ('time_zone', models.CharField(default='UTC', max_length=64, verbose_name='time zone')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('updated_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Component',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=statuspage.ids.new_id, editable=False, max_length=12, unique=True)),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='components', to='statuspage.statuspage')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.CharField(blank=True, default='', max_length=300, verbose_name='description')),
                ('status', models.CharField(choices=[('operational', 'Operational'), ('degraded_performance', 'Degraded performance'), ('partial_outage', 'Partial outage'), ('major_outage', 'Major outage'), ('under_maintenance', 'Under maintenance')], default='operational', max_length=24)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='services.service')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['page_id', 'position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance'])), name='component_status_known'), models.UniqueConstraint(fields=('page', 'name'), name='component_name_in_page')],
            },
        ),
        migrations.CreateModel(
            name='StatusSnapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='snapshot', to='statuspage.statuspage')),
                ('version', models.PositiveIntegerField(default=1)),
                ('files', models.JSONField()),
                ('built_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=statuspage.ids.new_id, editable=False, max_length=12, unique=True)),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='statuspage.statuspage')),
                ('kind', models.CharField(choices=[('incident', 'Incident'), ('maintenance', 'Maintenance')], default='incident', max_length=12)),
                ('title', models.CharField(max_length=200, verbose_name='title')),
                ('status', models.CharField(choices=[('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved'), ('scheduled', 'Scheduled'), ('in_progress', 'In progress'), ('verifying', 'Verifying'), ('completed', 'Completed')], default='investigating', max_length=14)),
                ('impact', models.CharField(choices=[('none', 'None'), ('minor', 'Minor'), ('major', 'Major'), ('critical', 'Critical'), ('maintenance', 'Maintenance')], default='minor', max_length=12)),
                ('incident', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='incidents.incident')),
                ('scheduled_for', models.DateTimeField(blank=True, null=True)),
                ('scheduled_until', models.DateTimeField(blank=True, null=True)),
                ('started_at', models.DateTimeField(default=core.clock.now)),
                ('monitoring_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
                ('components', models.ManyToManyField(blank=True, related_name='notices', to='statuspage.component')),
            ],
            options={
                'ordering': ['-started_at', '-id'],
                'indexes': [models.Index(fields=['page', '-started_at'], name='notice_by_page')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'incident'), ('status__in', ['investigating', 'identified', 'monitoring', 'resolved'])), models.Q(('kind', 'maintenance'), ('status__in', ['scheduled', 'in_progress', 'verifying', 'completed'])), _connector='OR'), name='notice_status_fits_kind'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'maintenance'), _negated=True), models.Q(('scheduled_for__isnull', False), ('scheduled_until__gt', models.F('scheduled_for'))), _connector='OR'), name='notice_maintenance_has_window')],
            },
        ),
        migrations.CreateModel(
            name='NoticeUpdate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=statuspage.ids.new_id, editable=False, max_length=12, unique=True)),
                ('notice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='statuspage.notice')),
                ('status', models.CharField(choices=[('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved'), ('scheduled', 'Scheduled'), ('in_progress', 'In progress'), ('verifying', 'Verifying'), ('completed', 'Completed')], max_length=14)),
                ('body', models.TextField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['-created_at', '-id'],
            },
        ),
    ]
