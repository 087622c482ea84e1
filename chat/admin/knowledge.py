"""What chatbots know. Files are read in by the knowledge room; here they are looked at and removed."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.paginator import InfinitePaginator

from chat.admin.scoping import RecordAdmin, RelatedFilter, ScopedAdmin
from chat.models import KnowledgeBase, KnowledgeFile, Passage


@admin.register(KnowledgeBase)
class KnowledgeBaseAdmin(ScopedAdmin):
    list_display = ("name", "organization", "files_count", "created_at")
    list_filter = (("organization", RelatedFilter),)
    list_select_related = ("organization",)
    search_fields = ("name",)
    readonly_fields = ("created_at",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[KnowledgeBase]:
        rows: QuerySet[KnowledgeBase] = super().get_queryset(request)
        return rows.annotate(files_count=Count("files", distinct=True))

    @admin.display(description=_("files"), ordering="files_count")
    def files_count(self, base: KnowledgeBase) -> int:
        return base.files_count  # type: ignore[attr-defined,no-any-return]  # the annotation above


@admin.register(KnowledgeFile)
class KnowledgeFileAdmin(RecordAdmin):
    organization = "knowledge_base__organization"
    may_delete = True
    list_display = ("filename", "title", "knowledge_base", "status", "human_size", "created_at")
    list_filter = ("status", ("knowledge_base", RelatedFilter))
    list_select_related = ("knowledge_base",)
    search_fields = ("filename", "title")
    exclude = ("file",)
    ordering = ("-created_at",)

    @admin.display(description=_("size"), ordering="size")
    def human_size(self, file: KnowledgeFile) -> str:
        return filesizeformat(file.size)


@admin.register(Passage)
class PassageAdmin(RecordAdmin):
    organization = "file__knowledge_base__organization"
    list_display = ("excerpt", "heading", "file", "page_number", "characters_count", "hits_count")
    list_select_related = ("file",)
    search_fields = ("text", "heading")
    ordering = ("file", "position")
    paginator = InfinitePaginator

    @admin.display(description=_("text"))
    def excerpt(self, passage: Passage) -> str:
        return Truncator(passage.text).chars(80)
