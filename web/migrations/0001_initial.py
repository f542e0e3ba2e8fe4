
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='EmptyStart',
            fields=[
                ('id', models.SmallAutoField(primary_key=True, serialize=False)),
                ('chosen_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'empty start',
                'verbose_name_plural': 'empty starts',
            },
        ),
    ]
