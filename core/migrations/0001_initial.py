import core.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotentRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner', models.CharField(max_length=60)),
                ('key', models.CharField(max_length=200)),
                ('fingerprint', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(db_index=True, default=core.clock.now)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner', 'key'), name='idempotency_once')],
            },
        ),
        migrations.CreateModel(
            name='LiveTopic',
            fields=[
                ('name', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('seq', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='OutboxEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stream', models.CharField(max_length=100)),
                ('kind', models.CharField(max_length=100)),
                ('payload', models.JSONField()),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('done', 'Done'), ('dead', 'Dead letter')], default='pending', max_length=10)),
                ('created_at', models.DateTimeField(default=core.clock.now)),
                ('next_attempt_at', models.DateTimeField(default=core.clock.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.TextField(blank=True, default='')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['stream', 'id'], name='outbox_pending'), models.Index(condition=models.Q(('status', 'pending')), fields=['id'], name='outbox_head'), models.Index(condition=models.Q(('status', 'dead')), fields=['-id'], name='outbox_dead'), models.Index(condition=models.Q(('status', 'done')), fields=['created_at'], name='outbox_done_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'done', 'dead'])), name='outbox_status_known'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'dead'), _negated=True), models.Q(('last_error', ''), _negated=True), _connector='OR'), name='outbox_dead_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='EventReceipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='receipts', to='core.outboxevent')),
                ('subscriber', models.CharField(max_length=100)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('event', 'subscriber'), name='receipt_once')],
            },
        ),
        migrations.CreateModel(
            name='LiveEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='core.livetopic')),
                ('seq', models.BigIntegerField()),
                ('event', models.CharField(max_length=60)),
                ('data', models.JSONField(default=dict)),
                ('html', models.TextField(blank=True, default='')),
                ('scope', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(db_index=True, default=core.clock.now)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('topic', 'seq'), name='live_entry_seq')],
            },
        ),
    ]
