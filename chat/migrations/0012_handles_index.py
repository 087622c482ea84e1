from django.db import migrations, models
from django.db.models.lookups import IsNull

from chat.models.handles import Handle

NETWORKS = ("facebook", "instagram", "intercom", "line", "messenger", "telegram", "whatsapp")


class Migration(migrations.Migration):
    dependencies = [("chat", "0011_daily_limits")]
    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                models.F("organization"),
                Handle("handles", network=network),
                name=f"contact_{network}",
                condition=models.Q(IsNull(Handle("handles", network=network), False)),
            ),
        )
        for network in NETWORKS
    ]
