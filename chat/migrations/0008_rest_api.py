from __future__ import annotations

import chat.models.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


def keep_places(apps, schema_editor):
    """The one inbox that a contact had is the first of those it has."""
    places = apps.get_model("chat", "ContactInbox").objects
    contacts = apps.get_model("chat", "Contact").objects.exclude(inbox=None)
    for contact in contacts.iterator():
        places.create(contact=contact, inbox_id=contact.inbox_id, source_id="")


class Migration(migrations.Migration):

    dependencies = [
        ("chat", "0007_reply_of_conversation"),
    ]

    operations = [
        migrations.CreateModel(
            name='IntegerId',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=16, verbose_name='kind')),
                ('object', models.UUIDField(verbose_name='object')),
            ],
            options={
                'verbose_name': 'integer id',
                'verbose_name_plural': 'integer ids',
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('created_by', models.CharField(blank=True, editable=False, max_length=80, verbose_name='asked by')),
                ('key', models.CharField(editable=False, max_length=255, unique=True, verbose_name='key')),
                ('filename', models.CharField(max_length=255, verbose_name='file name')),
                ('size', models.PositiveBigIntegerField(verbose_name='size')),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='created')),
                ('stored_at', models.DateTimeField(blank=True, null=True, verbose_name='stored')),
            ],
            options={
                'verbose_name': 'upload',
                'verbose_name_plural': 'uploads',
            },
        ),
        migrations.CreateModel(
            name='WebhookRecord',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('chatbot', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_records', to='chat.chatbot')),
                ('message', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='webhook_records', to='chat.message')),
                ('url', models.URLField(max_length=511, verbose_name='address')),
                ('attempt', models.PositiveIntegerField(default=1, verbose_name='attempt')),
                ('request_body', models.JSONField(blank=True, null=True, verbose_name='request')),
                ('status_code', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='status')),
                ('response', models.TextField(blank=True, verbose_name='response')),
                ('error', models.CharField(blank=True, max_length=255, verbose_name='error')),
                ('milliseconds', models.PositiveIntegerField(blank=True, null=True, verbose_name='milliseconds')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'webhook call',
                'verbose_name_plural': 'webhook calls',
            },
        ),
        migrations.AddField(
            model_name='attachment',
            name='content_type',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=127, verbose_name='content type'),
        ),
        migrations.AddField(
            model_name='chatbot',
            name='options',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text='What programs have set through the API and nothing here reads.', verbose_name='options'),
        ),
        migrations.AddField(
            model_name='chatbot',
            name='webhook_for_members',
            field=models.BooleanField(db_default=False, default=False, help_text='Off: it hears of the conversations that programs and visitors begin.', verbose_name='webhook for members too'),
        ),
        migrations.AddField(
            model_name='chatbot',
            name='webhook_gone_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='webhook switched off by its receiver'),
        ),
        migrations.AddField(
            model_name='chatbot',
            name='webhook_old_secret',
            field=chat.models.fields.EncryptedTextField(blank=True, db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='chatbot',
            name='webhook_old_secret_until',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='chatbot',
            name='webhook_secret',
            field=chat.models.fields.EncryptedTextField(blank=True, db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='contact',
            name='deleted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='deleted'),
        ),
        migrations.AddField(
            model_name='contact',
            name='first_name',
            field=models.CharField(blank=True, db_default='', max_length=255, verbose_name='first name'),
        ),
        migrations.AddField(
            model_name='contact',
            name='handles',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='in other networks'),
        ),
        migrations.AddField(
            model_name='contact',
            name='last_name',
            field=models.CharField(blank=True, db_default='', max_length=255, verbose_name='last name'),
        ),
        migrations.AddField(
            model_name='contact',
            name='phone_digits',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='conversation',
            name='service_type',
            field=models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='service'),
        ),
        migrations.AddField(
            model_name='inbox',
            name='auto_reply_schedules',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Empty: always. Otherwise such as [{"weekday": 0, "isEnabled": true, "timeSlots": [["09:00", "18:00"]]}], where 0 is Monday.', verbose_name='hours of automatic replies'),
        ),
        migrations.AddField(
            model_name='inbox',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now(), verbose_name='updated'),
        ),
        migrations.AddField(
            model_name='message',
            name='delivery',
            field=models.JSONField(blank=True, editable=False, null=True, verbose_name='delivery'),
        ),
        migrations.AddField(
            model_name='message',
            name='metadata',
            field=models.JSONField(blank=True, null=True, verbose_name='metadata'),
        ),
        migrations.AddField(
            model_name='message',
            name='request_digest',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='webchat',
            name='access_type',
            field=models.CharField(choices=[('web', 'Web'), ('admin', 'Admin'), ('api', 'API')], db_default='web', default='web', max_length=16, verbose_name='reached by'),
        ),
        migrations.AddField(
            model_name='webchat',
            name='enable_anonymous',
            field=models.BooleanField(db_default=True, default=True, help_text='Off: only programs with an API key begin conversations here.', verbose_name='strangers may write'),
        ),
        migrations.AddField(
            model_name='webchat',
            name='options',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='options'),
        ),
        migrations.CreateModel(
            name='ContactInbox',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('source_id', models.CharField(blank=True, editable=False, max_length=255)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='chat.contact')),
                ('inbox', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='chat.inbox')),
            ],
            options={
                'verbose_name': 'contact in an inbox',
                'verbose_name_plural': 'contacts in inboxes',
            },
        ),
        migrations.AddField(
            model_name='contact',
            name='inboxes',
            field=models.ManyToManyField(related_name='contacts', through='chat.ContactInbox', to='chat.inbox'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['organization', 'email'], name='contact_email'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(fields=['organization', 'phone_digits'], name='contact_phone'),
        ),
        migrations.AddConstraint(
            model_name='integerid',
            constraint=models.UniqueConstraint(fields=('kind', 'object'), name='integer_id_once'),
        ),
        migrations.AddField(
            model_name='upload',
            name='organization',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='chat.organization'),
        ),
        migrations.AddConstraint(
            model_name='contactinbox',
            constraint=models.UniqueConstraint(fields=('contact', 'inbox'), name='contact_once_in_inbox'),
        ),
        migrations.AddConstraint(
            model_name='contactinbox',
            constraint=models.UniqueConstraint(condition=models.Q(('source_id', ''), _negated=True), fields=('inbox', 'source_id'), name='contact_source_once_in_inbox'),
        ),
        migrations.AddIndex(
            model_name='webhookrecord',
            index=models.Index(fields=['chatbot', '-created_at', '-id'], name='webhook_recent'),
        ),
        migrations.RunPython(keep_places, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='contact',
            name='inbox',
        ),
    ]
