"""A chatbot of MaiAgent as the endpoint: its id there, and what it calls each conversation."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0002_passage_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="upstream_chatbot",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="conversation",
            name="upstream_conversation",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="languagemodel",
            name="chatbot_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="For a chatbot of MaiAgent, instead of a model. It has its own instructions and documents.",
                max_length=255,
                verbose_name="id of the chatbot there",
            ),
        ),
        migrations.AlterField(
            model_name="languagemodel",
            name="provider",
            field=models.CharField(
                choices=[
                    ("builtin", "Built in (no model)"),
                    ("openai", "OpenAI-compatible"),
                    ("maiagent", "Chatbot of MaiAgent"),
                ],
                default="openai",
                max_length=16,
                verbose_name="provider",
            ),
        ),
    ]
