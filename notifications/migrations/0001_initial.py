import core.clock
import django.contrib.postgres.fields
import django.db.models.deletion
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
            name='CapturedMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recipient', models.CharField(max_length=254)),
                ('subject', models.CharField(max_length=500)),
                ('text', models.TextField()),
                ('html', models.TextField(blank=True, default='')),
                ('headers', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ContactMethod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('browser', 'This browser'), ('webhook', 'Webhook'), ('console', 'Server log')], max_length=20, verbose_name='channel')),
                ('label', models.CharField(blank=True, default='', max_length=80, verbose_name='label')),
                ('address', models.CharField(blank=True, default='', max_length=500, verbose_name='address')),
                ('secret', models.TextField(blank=True, default='', editable=False)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('code_digest', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('code_expires_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('code_tries', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('last_failure', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_methods', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'channel', 'address'), name='contact_method_once'), models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'browser', 'webhook', 'console'])), name='contact_channel_known')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True)),
                ('category', models.CharField(choices=[('page', 'Page'), ('update', 'Update'), ('reminder', 'Reminder'), ('account', 'Account'), ('test', 'Test'), ('event', 'Outgoing webhook')], max_length=20)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('browser', 'This browser'), ('webhook', 'Webhook'), ('console', 'Server log')], max_length=20)),
                ('address', models.CharField(blank=True, default='', max_length=500)),
                ('lane', models.CharField(max_length=200)),
                ('origin', models.CharField(blank=True, default='', max_length=60)),
                ('priority', models.PositiveSmallIntegerField(choices=[(0, 'First page of a service'), (1, 'Page'), (2, 'Message'), (3, 'Outgoing webhook')], default=2)),
                ('source', models.CharField(blank=True, default='', max_length=100)),
                ('subject_key', models.CharField(blank=True, default='', max_length=100)),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], default='high', max_length=10)),
                ('title', models.CharField(max_length=300)),
                ('body', models.TextField(blank=True, default='')),
                ('url_path', models.CharField(blank=True, default='', max_length=500)),
                ('payload', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('pending', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('failed', 'Failed'), ('withdrawn', 'Withdrawn'), ('bundled', 'In a bundle')], default='pending', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('hold_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('provider_id', models.CharField(blank=True, default='', max_length=200)),
                ('error', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('bundled_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='bundle', to='notifications.delivery')),
                ('method', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='notifications.contactmethod')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(choices=[('unknown', 'Unknown'), ('accepted', 'Accepted'), ('retry', 'Will be tried again'), ('refused', 'Refused'), ('skipped', 'Not sent')], default='unknown', max_length=20)),
                ('detail', models.TextField(blank=True, default='')),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempt_log', to='notifications.delivery')),
            ],
            options={
                'ordering': ['delivery_id', 'number'],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='attempt_once')],
            },
        ),
        migrations.CreateModel(
            name='NotificationRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], max_length=10, verbose_name='urgency')),
                ('delay_minutes', models.PositiveSmallIntegerField(default=0, verbose_name='minutes after the page')),
                ('method', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='notifications.contactmethod')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notification_rules', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['urgency', 'delay_minutes', 'id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'urgency', 'method', 'delay_minutes'), name='notification_rule_once'), models.CheckConstraint(condition=models.Q(('delay_minutes__lte', 1440)), name='notification_rule_delay'), models.CheckConstraint(condition=models.Q(('urgency__in', ['high', 'low'])), name='notification_rule_urgency')],
            },
        ),
        migrations.CreateModel(
            name='WebhookSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('url', models.URLField(max_length=500, verbose_name='URL')),
                ('secret', models.TextField(editable=False)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='teams.team')),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='delivery',
            name='subscription',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.webhooksubscription'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'pending')), fields=['priority', 'due_at', 'id'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('category', 'page')), fields=['lane', 'sent_at'], name='delivery_lane_pace'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('category', 'page')), fields=['lane', 'origin', 'created_at'], name='delivery_first'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status', 'sending')), fields=['lease_until'], name='delivery_lease'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status__in', ['pending', 'sending'])), fields=['source'], name='delivery_open_source'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('status__in', ['pending', 'sending'])), fields=['lane', 'id'], name='delivery_open_lane'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['finished_at'], name='delivery_finished'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['user', '-id'], name='delivery_by_user'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['team', '-id'], name='delivery_by_team'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['subject_key', 'id'], name='delivery_by_subject'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'sending', 'sent', 'failed', 'withdrawn', 'bundled'])), name='delivery_status_known'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lease_token__isnull', False), ('lease_until__isnull', False), ('status', 'sending')), models.Q(models.Q(('status', 'sending'), _negated=True), ('lease_token__isnull', True), ('lease_until__isnull', True)), _connector='OR'), name='delivery_lease_iff_sending'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'sent'), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='delivery_sent_has_time'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('status__in', ['pending', 'sending'])), models.Q(('finished_at__isnull', False), ('status__in', ['sent', 'failed', 'withdrawn', 'bundled'])), _connector='OR'), name='delivery_finished_has_time'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('hold_until__isnull', True), models.Q(('category', 'page'), ('status', 'pending')), _connector='OR'), name='delivery_held_is_waiting_page'),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), _negated=True), models.Q(('error', ''), _negated=True), _connector='OR'), name='delivery_failed_has_reason'),
        ),
    ]
