"""What chatbots know: knowledge bases, the documents in them, and the passages that answers cite."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from chat.admin.forms import DocumentForm
from chat.admin.scoping import RecordAdmin, RelatedFilter, ScopedAdmin
from chat.admin.showing import Label
from chat.models import FileStatus, KnowledgeBase, KnowledgeFile, Passage
from chat.services import documents

#: The colours of a document's states.
PROGRESS = {
    FileStatus.INITIAL: "info",
    FileStatus.PROCESSING: "info",
    FileStatus.DONE: "success",
    FileStatus.FAILED: "danger",
}
EXPLAINED = {
    FileStatus.INITIAL: _("It is indexed in a moment. Until then an earlier one of this name is found."),
    FileStatus.PROCESSING: _("It is being indexed. Reload this page in a moment."),
    FileStatus.DONE: _("It can be found and cited."),
    FileStatus.FAILED: _(
        "It could not be read or indexed. Choose it in the list and “Index again”; if that fails too, add "
        "the document again. The log of the server has the reason."
    ),
}


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
    """Documents are added and removed; to change one, add it again under the same name."""

    organization = "knowledge_base__organization"
    may_add = may_delete = True
    list_display = ("filename", "title", "knowledge_base", "progress", "human_size", "created_at")
    list_filter = ("status", ("knowledge_base", RelatedFilter))
    list_select_related = ("knowledge_base",)
    search_fields = ("filename", "title")
    fields = ("knowledge_base", "filename", "title", "progress", "explained", "file_type", "human_size")
    ordering = ("-created_at",)
    add_fields = ("knowledge_base", "document", "title")
    actions = ("index_again",)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return super().get_fields(request, obj) if obj else self.add_fields

    def get_form(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> Any:
        return super().get_form(request, obj, **({} if obj else {"form": DocumentForm}) | kwargs)

    def save_model(self, request: HttpRequest, obj: KnowledgeFile, form: Any, change: bool) -> None:
        made = documents.add_document(
            knowledge_base=obj.knowledge_base,
            filename=obj.filename,
            title=obj.title,
            text=form.cleaned_data["document"],
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    @display(description=_("status"), ordering="status", label=PROGRESS)  # type: ignore[untyped-decorator]
    def progress(self, file: KnowledgeFile) -> Label:
        return Label(file.status, file.get_status_display())

    @admin.display(description=_("what that means"))
    def explained(self, file: KnowledgeFile) -> str:
        return str(EXPLAINED.get(FileStatus(file.status), ""))

    @admin.action(description=_("Index again"), permissions=["add"])
    def index_again(self, request: HttpRequest, queryset: QuerySet[KnowledgeFile]) -> None:
        chosen, begun = queryset.count(), documents.index_again(queryset)
        if begun:
            said = ngettext(
                "%(count)d document is indexed again.", "%(count)d documents are indexed again.", begun
            )
            messages.success(request, said % {"count": begun})
        if begun < chosen:
            messages.warning(request, _("The text of some is not kept here. Add those again."))

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
