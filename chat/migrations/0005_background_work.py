
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("chat", "0004_takes_images"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='job',
            name='job_due',
        ),
        migrations.AddField(
            model_name='job',
            name='fence',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='job',
            name='given_up',
            field=models.BooleanField(default=False, verbose_name='given up'),
        ),
        migrations.AddField(
            model_name='knowledgefile',
            name='indexing',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='job',
            name='done_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='ended'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('done_at', None)), fields=['kind', 'run_at'], name='job_due'),
        ),
        migrations.AddIndex(
            model_name='job',
            index=models.Index(condition=models.Q(('given_up', True)), fields=['kind'], name='job_given_up'),
        ),
    ]
