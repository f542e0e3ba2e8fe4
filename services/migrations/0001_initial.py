import core.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('oncall', '0001_initial'),
        ('teams', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.TextField(blank=True, default='', verbose_name='description')),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='services', to='teams.team')),
                ('tier', models.PositiveSmallIntegerField(choices=[(1, 'Tier 1 · critical'), (2, 'Tier 2 · important'), (3, 'Tier 3 · standard'), (4, 'Tier 4 · minor')], default=3, verbose_name='tier')),
                ('lifecycle', models.CharField(choices=[('experimental', 'Experimental'), ('production', 'Production'), ('deprecated', 'Deprecated')], default='production', max_length=20, verbose_name='lifecycle')),
                ('escalation_policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='services', to='oncall.escalationpolicy')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['name', 'id'],
                'indexes': [models.Index(fields=['team', 'name'], name='service_by_team')],
                'constraints': [models.CheckConstraint(condition=models.Q(('tier__gte', 1), ('tier__lte', 4)), name='service_tier_1_to_4'), models.CheckConstraint(condition=models.Q(('lifecycle__in', ['experimental', 'production', 'deprecated'])), name='service_lifecycle_known')],
            },
        ),
        migrations.CreateModel(
            name='ChangeEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='services.service')),
                ('kind', models.CharField(choices=[('deploy', 'Deploy'), ('code', 'Code or build'), ('config', 'Configuration'), ('infrastructure', 'Infrastructure'), ('flag', 'Feature flag'), ('vendor', 'Vendor')], default='deploy', max_length=20)),
                ('summary', models.CharField(max_length=1024)),
                ('source', models.CharField(blank=True, default='', max_length=200)),
                ('happened_at', models.DateTimeField(default=core.clock.now)),
                ('links', models.JSONField(blank=True, default=list)),
                ('delivery', models.CharField(blank=True, default='', editable=False, max_length=200)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['-happened_at', '-id'],
                'indexes': [models.Index(fields=['service', '-happened_at'], name='change_by_service')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('delivery', ''), _negated=True), fields=('delivery',), name='change_delivered_once')],
            },
        ),
        migrations.CreateModel(
            name='Dependency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('downstream', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='upstream_edges', to='services.service')),
                ('upstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='downstream_edges', to='services.service')),
                ('kind', models.CharField(choices=[('hard', 'Hard: fails with it'), ('soft', 'Soft: degrades')], default='hard', max_length=10)),
                ('note', models.CharField(blank=True, default='', max_length=300)),
            ],
            options={
                'verbose_name_plural': 'dependencies',
                'ordering': ['downstream_id', 'upstream_id'],
                'constraints': [models.UniqueConstraint(fields=('downstream', 'upstream'), name='dependency_once'), models.CheckConstraint(condition=models.Q(('downstream', models.F('upstream')), _negated=True), name='dependency_not_on_itself'), models.CheckConstraint(condition=models.Q(('kind__in', ['hard', 'soft'])), name='dependency_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='ServiceLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='services.service')),
                ('kind', models.CharField(choices=[('runbook', 'Runbook'), ('dashboard', 'Dashboard'), ('logs', 'Logs'), ('repository', 'Repository'), ('chat', 'Chat channel'), ('other', 'Link')], default='other', max_length=20)),
                ('title', models.CharField(max_length=120)),
                ('url', models.URLField(max_length=500)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
    ]
