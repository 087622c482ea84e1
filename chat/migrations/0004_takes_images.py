"""Whether a model takes images; older processes may add entries meanwhile."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_maiagent"),
    ]

    operations = [
        migrations.AddField(
            model_name="languagemodel",
            name="takes_images",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Images that are attached to a message are sent to it; else it is told their names.",
                verbose_name="takes images",
            ),
        ),
    ]
