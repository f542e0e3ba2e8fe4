import core.clock
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('oncall', '0001_initial'),
        ('teams', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='GraphChange',
            fields=[
                ('token', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'services_graph_change',
                'ordering': ['at'],
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.TextField(blank=True, default='', verbose_name='description')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='domains', to='teams.team')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='services.domain')),
                ('external_id', models.CharField(blank=True, default='', editable=False, max_length=300)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('external_id',), name='domain_external_id_once'), models.CheckConstraint(condition=models.Q(('parent', models.F('id')), _negated=True), name='domain_not_inside_itself')],
            },
        ),
        migrations.CreateModel(
            name='System',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.TextField(blank=True, default='', verbose_name='description')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='systems', to='teams.team')),
                ('domain', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='systems', to='services.domain')),
                ('external_id', models.CharField(blank=True, default='', editable=False, max_length=300)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('external_id',), name='system_external_id_once')],
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('kind', models.CharField(choices=[('journey', 'Customer journey'), ('website', 'Website or app'), ('service', 'Service'), ('api', 'API'), ('job', 'Job'), ('library', 'Library'), ('database', 'Database'), ('cache', 'Cache'), ('queue', 'Queue'), ('storage', 'Storage'), ('resource', 'Other resource'), ('vendor', 'Vendor')], default='service', max_length=20, verbose_name='kind')),
                ('description', models.TextField(blank=True, default='', verbose_name='description')),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='services', to='teams.team')),
                ('tier', models.PositiveSmallIntegerField(choices=[(1, 'Tier 1 · critical'), (2, 'Tier 2 · important'), (3, 'Tier 3 · standard'), (4, 'Tier 4 · minor')], default=3, verbose_name='tier')),
                ('lifecycle', models.CharField(choices=[('experimental', 'Experimental'), ('production', 'Production'), ('deprecated', 'Deprecated')], default='production', max_length=20, verbose_name='lifecycle')),
                ('escalation_policy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='services', to='oncall.escalationpolicy')),
                ('system', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='services', to='services.system')),
                ('labels', models.JSONField(blank=True, default=dict)),
                ('custom', models.JSONField(blank=True, default=dict)),
                ('stands_alone', models.BooleanField(default=False, verbose_name='needs nothing else')),
                ('external_id', models.CharField(blank=True, default='', editable=False, max_length=300)),
                ('annotations', models.JSONField(blank=True, default=dict, editable=False)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['name', 'id'],
                'indexes': [models.Index(fields=['team', 'name'], name='service_by_team'), django.contrib.postgres.indexes.GinIndex(fields=['labels'], name='service_by_label', opclasses=['jsonb_path_ops'])],
                'constraints': [models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('external_id',), name='service_external_id_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['journey', 'website', 'service', 'api', 'job', 'library', 'database', 'cache', 'queue', 'storage', 'resource', 'vendor'])), name='service_kind_known'), models.CheckConstraint(condition=models.Q(('tier__gte', 1), ('tier__lte', 4)), name='service_tier_1_to_4'), models.CheckConstraint(condition=models.Q(('lifecycle__in', ['experimental', 'production', 'deprecated'])), name='service_lifecycle_known')],
            },
        ),
        migrations.CreateModel(
            name='AccessItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_items', to='services.service')),
                ('text', models.CharField(max_length=200)),
                ('url', models.URLField(blank=True, default='', max_length=500)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['service_id', 'position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='AccessConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='confirmations', to='services.accessitem')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_confirmations', to=settings.AUTH_USER_MODEL)),
                ('confirmed_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['item_id', 'user_id'],
                'constraints': [models.UniqueConstraint(fields=('item', 'user'), name='access_confirmed_once')],
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
                ('source', models.CharField(blank=True, default='', max_length=100)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'verbose_name_plural': 'dependencies',
                'ordering': ['downstream_id', 'upstream_id'],
                'constraints': [models.UniqueConstraint(fields=('downstream', 'upstream'), name='dependency_once'), models.CheckConstraint(condition=models.Q(('downstream', models.F('upstream')), _negated=True), name='dependency_not_on_itself'), models.CheckConstraint(condition=models.Q(('kind__in', ['hard', 'soft'])), name='dependency_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='DanglingReference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='dangling', to='services.service')),
                ('kind', models.CharField(choices=[('needs', 'Needs'), ('needed_by', 'Needed by'), ('system', 'Part of system'), ('owner', 'Owned by')], max_length=10)),
                ('reference', models.CharField(max_length=300)),
                ('edge_kind', models.CharField(choices=[('hard', 'Hard: fails with it'), ('soft', 'Soft: degrades')], default='hard', max_length=10)),
                ('note', models.CharField(blank=True, default='', max_length=300)),
                ('source', models.CharField(blank=True, default='', max_length=100)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['service_id', 'kind', 'reference'],
                'indexes': [models.Index(fields=['reference'], name='dangling_by_reference')],
                'constraints': [models.UniqueConstraint(fields=('service', 'kind', 'reference'), name='dangling_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['needs', 'needed_by', 'system', 'owner'])), name='dangling_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='ServiceContact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='services.service')),
                ('part', models.CharField(max_length=80, verbose_name='part')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='service_contacts', to=settings.AUTH_USER_MODEL)),
                ('value', models.CharField(blank=True, default='', max_length=200, verbose_name='address')),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('user__isnull', False), models.Q(('value', ''), _negated=True), _connector='OR'), name='service_contact_leads_somewhere')],
            },
        ),
        migrations.CreateModel(
            name='OwnershipTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='services.service')),
                ('from_team', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
                ('to_team', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='incoming_services', to='teams.team')),
                ('note', models.CharField(blank=True, default='', max_length=500, verbose_name='note')),
                ('status', models.CharField(choices=[('waiting', 'Waits for an answer'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('withdrawn', 'Withdrawn')], default='waiting', max_length=10)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_at', models.DateTimeField(default=core.clock.now)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-asked_at', '-id'],
                'indexes': [models.Index(fields=['service', '-asked_at'], name='transfer_by_service'), models.Index(condition=models.Q(('status', 'waiting')), fields=['to_team'], name='transfer_waiting')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'waiting')), fields=('service',), name='transfer_waits_once'), models.CheckConstraint(condition=models.Q(('status__in', ['waiting', 'accepted', 'declined', 'withdrawn'])), name='transfer_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('status', 'waiting')), models.Q(models.Q(('status', 'waiting'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='transfer_answered_has_time'), models.CheckConstraint(condition=models.Q(('from_team', models.F('to_team')), _negated=True), name='transfer_to_another')],
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
        migrations.CreateModel(
            name='Environment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=63, unique=True)),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='ServiceEnvironment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='environment_rows', to='services.service')),
                ('environment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='service_rows', to='services.environment')),
                ('regions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('url', models.URLField(blank=True, default='', max_length=500)),
            ],
            options={
                'ordering': ['service_id', 'environment__position', 'environment__name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('service', 'environment'), name='service_environment_once')],
            },
        ),
        migrations.CreateModel(
            name='ServiceField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('kind', models.CharField(choices=[('text', 'Text'), ('number', 'Number'), ('boolean', 'Yes or no'), ('date', 'Date'), ('url', 'Address'), ('choice', 'One of a list')], default='text', max_length=10, verbose_name='kind')),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None)),
                ('help_text', models.CharField(blank=True, default='', max_length=200, verbose_name='help')),
                ('required', models.BooleanField(default=False, verbose_name='must be filled in')),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'ordering': ['position', 'name', 'id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['text', 'number', 'boolean', 'date', 'url', 'choice'])), name='service_field_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'choice'), _negated=True), ('choices__len__gt', 0), _connector='OR'), name='service_field_choice_has_choices')],
            },
        ),
        migrations.CreateModel(
            name='Vendor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='vendor', to='services.service')),
                ('status_url', models.URLField(blank=True, default='', max_length=500, verbose_name='status page')),
                ('support', models.CharField(blank=True, default='', max_length=300, verbose_name='how to reach their support')),
                ('account', models.CharField(blank=True, default='', max_length=120, verbose_name='our customer number')),
                ('contract_url', models.URLField(blank=True, default='', max_length=500, verbose_name='contract')),
                ('indicator', models.CharField(choices=[('unknown', 'Not known'), ('none', 'All well'), ('minor', 'Minor trouble'), ('major', 'Major trouble'), ('critical', 'Critical trouble'), ('maintenance', 'Maintenance')], default='unknown', editable=False, max_length=12)),
                ('description', models.CharField(blank=True, default='', editable=False, max_length=200)),
                ('components', models.JSONField(default=list, editable=False)),
                ('incidents', models.JSONField(default=list, editable=False)),
                ('failure', models.CharField(blank=True, default='', editable=False, max_length=300)),
                ('read_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('changed_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('next_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('etag', models.CharField(blank=True, default='', editable=False, max_length=200)),
            ],
            options={
                'ordering': ['service_id'],
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at'], name='vendor_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('indicator__in', ['unknown', 'none', 'minor', 'major', 'critical', 'maintenance'])), name='vendor_indicator_known')],
            },
        ),
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='agreements', to='services.service')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('party', models.CharField(blank=True, default='', max_length=120, verbose_name='agreed with')),
                ('target', models.DecimalField(decimal_places=4, max_digits=7, verbose_name='available, percent')),
                ('period', models.CharField(choices=[('month', 'Calendar month'), ('quarter', 'Calendar quarter'), ('year', 'Calendar year')], default='month', max_length=10, verbose_name='judged by')),
                ('zone', models.CharField(default='UTC', max_length=60, verbose_name='time zone')),
                ('counts_degraded', models.BooleanField(default=False, verbose_name='degraded counts as down')),
                ('consequence', models.CharField(blank=True, default='', max_length=300, verbose_name='when it is missed')),
                ('url', models.URLField(blank=True, default='', max_length=500, verbose_name='contract')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='until')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['service_id', 'name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('service', 'name'), name='agreement_name_once'), models.CheckConstraint(condition=models.Q(('target__gt', 0), ('target__lte', 100)), name='agreement_target_bounds'), models.CheckConstraint(condition=models.Q(('period__in', ['month', 'quarter', 'year'])), name='agreement_period_known'), models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='agreement_forward')],
            },
        ),
    ]
