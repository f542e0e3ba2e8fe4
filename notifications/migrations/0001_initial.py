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
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='contact_methods', to=settings.AUTH_USER_MODEL)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('push', 'Push notification'), ('sms', 'Text message'), ('voice', 'Phone call'), ('slack', 'Slack'), ('apprise', 'Other service'), ('browser', 'This browser'), ('webhook', 'Webhook'), ('console', 'Server log')], max_length=20, verbose_name='channel')),
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
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'channel', 'address'), name='contact_method_once'), models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'push', 'sms', 'voice', 'slack', 'apprise', 'browser', 'webhook', 'console'])), name='contact_channel_known')],
            },
        ),
        migrations.CreateModel(
            name='DeliveryLimits',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('singles', models.PositiveSmallIntegerField(default=5)),
                ('window_seconds', models.PositiveIntegerField(default=60)),
                ('hold_seconds', models.PositiveIntegerField(default=30)),
                ('expire_minutes', models.PositiveIntegerField(default=30)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'verbose_name_plural': 'delivery limits',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='limits_single_row'), models.CheckConstraint(condition=models.Q(('expire_minutes__range', (1, 1440)), ('hold_seconds__range', (1, 3600)), ('singles__range', (1, 1000)), ('window_seconds__range', (1, 3600))), name='limits_bounded')],
            },
        ),
        migrations.CreateModel(
            name='ProviderAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(choices=[('twilio', 'Twilio'), ('slack', 'Slack'), ('push', 'Web Push')], max_length=20, unique=True)),
                ('sealed', models.TextField(blank=True, default='', editable=False)),
                ('enabled', models.BooleanField(default=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('failure', models.CharField(blank=True, default='', max_length=300)),
                ('updated_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('updated_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['provider'],
                'constraints': [models.CheckConstraint(condition=models.Q(('provider__in', ['twilio', 'slack', 'push'])), name='provider_known')],
            },
        ),
        migrations.CreateModel(
            name='QuietHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='quiet_hours', to=settings.AUTH_USER_MODEL)),
                ('starts', models.TimeField()),
                ('ends', models.TimeField()),
            ],
            options={
                'verbose_name_plural': 'quiet hours',
            },
        ),
        migrations.CreateModel(
            name='WebhookSubscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='teams.team')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('url', models.URLField(max_length=500, verbose_name='URL')),
                ('secret', models.TextField(editable=False)),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_at', models.DateTimeField(default=core.clock.now, editable=False)),
            ],
            options={
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200, unique=True)),
                ('category', models.CharField(choices=[('page', 'Page'), ('update', 'Update'), ('reminder', 'Reminder'), ('account', 'Account'), ('test', 'Test'), ('event', 'Outgoing webhook')], max_length=20)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('push', 'Push notification'), ('sms', 'Text message'), ('voice', 'Phone call'), ('slack', 'Slack'), ('apprise', 'Other service'), ('browser', 'This browser'), ('webhook', 'Webhook'), ('console', 'Server log')], max_length=20)),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to=settings.AUTH_USER_MODEL)),
                ('method', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='notifications.contactmethod')),
                ('subscription', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='notifications.webhooksubscription')),
                ('team', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='teams.team')),
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
                ('status', models.CharField(choices=[('pending', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('withdrawn', 'Withdrawn'), ('bundled', 'In a bundle')], default='pending', max_length=10)),
                ('due_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('hold_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('provider_id', models.CharField(blank=True, default='', max_length=200)),
                ('reply_code', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('error', models.TextField(blank=True, default='')),
                ('bundled_into', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='bundle', to='notifications.delivery')),
                ('created_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'verbose_name_plural': 'deliveries',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['priority', 'due_at', 'id'], name='delivery_due'), models.Index(condition=models.Q(('category', 'page')), fields=['lane', 'sent_at'], name='delivery_lane_pace'), models.Index(condition=models.Q(('category', 'page')), fields=['lane', 'origin', 'created_at'], name='delivery_first'), models.Index(condition=models.Q(('status', 'sending')), fields=['lease_until'], name='delivery_lease'), models.Index(condition=models.Q(('status__in', ['pending', 'sending'])), fields=['source'], name='delivery_open_source'), models.Index(condition=models.Q(('status__in', ['pending', 'sending'])), fields=['lane', 'id'], name='delivery_open_lane'), models.Index(condition=models.Q(('finished_at__isnull', False)), fields=['finished_at'], name='delivery_finished'), models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='delivery_by_provider'), models.Index(condition=models.Q(('channel__in', ['sms', 'voice'])), fields=['address', '-id'], name='delivery_by_number'), models.Index(fields=['user', '-id'], name='delivery_by_user'), models.Index(fields=['team', '-id'], name='delivery_by_team'), models.Index(fields=['subject_key', 'id'], name='delivery_by_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'sending', 'sent', 'delivered', 'failed', 'withdrawn', 'bundled'])), name='delivery_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('lease_token__isnull', False), ('lease_until__isnull', False), ('status', 'sending')), models.Q(models.Q(('status', 'sending'), _negated=True), ('lease_token__isnull', True), ('lease_until__isnull', True)), _connector='OR'), name='delivery_lease_iff_sending'), models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['sent', 'delivered']), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='delivery_sent_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('status__in', ['pending', 'sending'])), models.Q(('finished_at__isnull', False), ('status__in', ['sent', 'delivered', 'failed', 'withdrawn', 'bundled'])), _connector='OR'), name='delivery_finished_has_time'), models.CheckConstraint(condition=models.Q(('hold_until__isnull', True), models.Q(('category', 'page'), ('status', 'pending')), _connector='OR'), name='delivery_held_is_waiting_page'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'failed'), _negated=True), models.Q(('error', ''), _negated=True), _connector='OR'), name='delivery_failed_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='NotificationRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notification_rules', to=settings.AUTH_USER_MODEL)),
                ('urgency', models.CharField(choices=[('high', 'High'), ('low', 'Low')], max_length=10, verbose_name='urgency')),
                ('method', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='notifications.contactmethod')),
                ('delay_minutes', models.PositiveSmallIntegerField(default=0, verbose_name='minutes after the page')),
            ],
            options={
                'ordering': ['urgency', 'delay_minutes', 'id'],
                'constraints': [models.UniqueConstraint(fields=('user', 'urgency', 'method', 'delay_minutes'), name='notification_rule_once'), models.CheckConstraint(condition=models.Q(('delay_minutes__lte', 1440)), name='notification_rule_delay'), models.CheckConstraint(condition=models.Q(('urgency__in', ['high', 'low'])), name='notification_rule_urgency')],
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('delivery', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempt_log', to='notifications.delivery')),
                ('number', models.PositiveSmallIntegerField()),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(choices=[('unknown', 'Unknown'), ('accepted', 'Accepted'), ('retry', 'Will be tried again'), ('refused', 'Refused'), ('skipped', 'Not sent')], default='unknown', max_length=20)),
                ('detail', models.TextField(blank=True, default='')),
            ],
            options={
                'ordering': ['delivery_id', 'number'],
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='attempt_once')],
            },
        ),
        migrations.CreateModel(
            name='ProviderEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(choices=[('twilio', 'Twilio'), ('slack', 'Slack'), ('push', 'Web Push')], max_length=20)),
                ('key', models.CharField(max_length=200)),
                ('delivery', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='callbacks', to='notifications.delivery')),
                ('kind', models.CharField(max_length=40)),
                ('detail', models.CharField(blank=True, default='', max_length=300)),
                ('received_at', models.DateTimeField(default=core.clock.now)),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(fields=['received_at'], name='provider_event_age')],
                'constraints': [models.UniqueConstraint(fields=('provider', 'key'), name='provider_event_once')],
            },
        ),
    ]
