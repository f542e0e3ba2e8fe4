import core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('incidents', '0001_initial'),
        ('teams', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Postmortem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='postmortem', to='incidents.incident')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('in_review', 'In review'), ('reviewed', 'Reviewed'), ('published', 'Published'), ('closed', 'Closed')], default='draft', max_length=12)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['status', '-id'], name='postmortem_by_status')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['draft', 'in_review', 'reviewed', 'published', 'closed'])), name='postmortem_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['published', 'closed']), _negated=True), ('published_at__isnull', False), _connector='OR'), name='postmortem_published_has_time')],
            },
        ),
        migrations.CreateModel(
            name='ActionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=300, verbose_name='what is to be done')),
                ('item_class', models.CharField(choices=[('prevent', 'Prevent'), ('detect', 'Detect'), ('mitigate', 'Mitigate'), ('repair', 'Repair'), ('process', 'Process'), ('vendor_sla', 'Vendor SLA')], default='prevent', max_length=12, verbose_name='class')),
                ('status', models.CharField(choices=[('open', 'Open'), ('doing', 'In progress'), ('done', 'Done'), ('wont_do', 'Will not do')], default='open', max_length=10, verbose_name='state')),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='action_items', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
                ('due_on', models.DateField(verbose_name='due')),
                ('postmortem', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='action_items', to='postmortems.postmortem')),
                ('incident', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='action_items', to='incidents.incident')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
                ('reason', models.CharField(blank=True, default='', max_length=500, verbose_name='why it will not be done')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['due_on', 'id'],
                'indexes': [models.Index(condition=models.Q(('status__in', ('open', 'doing'))), fields=['due_on', 'id'], name='item_open_due'), models.Index(fields=['owner', 'due_on'], name='item_by_owner'), models.Index(fields=['incident', 'id'], name='item_by_incident')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['open', 'doing', 'done', 'wont_do'])), name='item_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('status__in', ('open', 'doing'))), models.Q(('closed_at__isnull', False), ('status__in', ['done', 'wont_do'])), _connector='OR'), name='item_closed_iff_done'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'wont_do'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='item_wont_do_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='ItemReminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reminders', to='postmortems.actionitem')),
                ('kind', models.CharField(max_length=10)),
                ('due_on', models.DateField()),
                ('sent_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('item', 'kind', 'due_on'), name='reminder_once')],
            },
        ),
        migrations.CreateModel(
            name='PostmortemSection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('postmortem', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='sections', to='postmortems.postmortem')),
                ('key', models.CharField(choices=[('summary', 'Summary'), ('impact', 'Impact'), ('timeline', 'What happened'), ('response', 'Detection and response'), ('causes', 'Why it happened'), ('recovery', 'Mitigation and recovery'), ('lessons', 'What went well, what was hard, where we were lucky')], max_length=20)),
                ('text', models.TextField(blank=True, default='')),
                ('version', models.PositiveIntegerField(default=1)),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['postmortem_id', 'id'],
                'constraints': [models.UniqueConstraint(fields=('postmortem', 'key'), name='section_once')],
            },
        ),
    ]
