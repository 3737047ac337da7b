// What the server holds, does and lets in: one tab for each.
import { Needs } from "../access/needs";
import { mayDo } from "../access/rights";
import { askFile, offered } from "../api/client";
import { useTitle } from "../router/title";
import { saveBlob } from "../state/csv";
import { Icon } from "../ui/icons";
import { Tabs } from "../ui/tabs";
import { toast } from "../ui/toast";
import { Definitions } from "./definitions";
import { Health } from "./health";
import { Keys } from "./keys";
import { kinds } from "./kinds";
import { Policies } from "./policies";
import { Retention } from "./retention";
import { Sources } from "./sources";

export default function AdminScreen({ tab }: { tab: string }) {
    const shown = kinds.filter((kind) => offered(kind.operations.list));
    const tabs = [
        { id: "health", label: "Health" },
        { id: "sources", label: "Sources" },
        ...shown.map((kind) => ({ id: kind.id, label: kind.title })),
        ...(offered("retention_settings") ? [{ id: "retention", label: "Retention" }] : []),
        { id: "policies", label: "Policies" },
        ...(offered("keys") && mayDo("administer") ? [{ id: "keys", label: "Keys" }] : []),
    ];
    const known = tabs.find((one) => one.id === tab)?.id ?? "health";
    useTitle(`Admin: ${tabs.find((one) => one.id === known)?.label}`);
    const kind = shown.find((one) => one.id === known);
    return (
        <div class="screen">
            <div class="screen-head">
                <h1>Admin</h1>
                <span class="grow" />
                <a class="button quiet" href="/docs" target="_blank" rel="noopener">
                    <Icon name="book" />
                    API
                </a>
                <a class="button quiet" href="/metrics" target="_blank" rel="noopener">
                    <Icon name="pulse" />
                    Metrics
                </a>
                <Needs right="administer">
                    <button type="button" class="button" onClick={() => void exportAll()}>
                        <Icon name="download" />
                        Export all documents
                    </button>
                </Needs>
            </div>
            <Tabs
                label="Parts of the administration"
                tabs={tabs.map((one) => ({ ...one, href: one.id === "health" ? "/admin" : `/admin/${one.id}` }))}
                current={known}
            />
            <section class="admin-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${known}`}>
                {kind ? (
                    <Definitions key={kind.id} kind={kind} />
                ) : known === "sources" ? (
                    <Sources />
                ) : known === "retention" ? (
                    <Retention />
                ) : known === "policies" ? (
                    <Policies />
                ) : known === "keys" ? (
                    <Keys />
                ) : (
                    <Health />
                )}
            </section>
        </div>
    );
}

async function exportAll(): Promise<void> {
    toast("The export is being read");
    try {
        saveBlob("clew-export.ndjson", await askFile("export", {}));
    } catch (error) {
        toast(error instanceof Error ? error.message : String(error), { tone: "bad" });
    }
}
