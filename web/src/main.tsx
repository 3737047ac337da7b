// Entry of the page. Every style is imported here: parts that load later find theirs already there.
import { render } from "preact";
import { App } from "./app/app";
import { listenToKeys } from "./ui/keys";
import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/parts.css";
import "./app/app.css";
import "./ui/table.css";
import "./ui/markdown.css";
import "./list/list.css";
import "./queue/queue.css";
import "./incident/incident.css";
import "./incident/overview.css";
import "./incident/notes.css";
import "./search/search.css";
import "./admin/admin.css";
import "./query/query.css";
import "./graph/graph.css";
import "./timeline/timeline.css";
import "./tour/tour.css";
import "./access/access.css";
import "./proposals/proposals.css";
import "./app/narrow.css";

listenToKeys();
const root = document.getElementById("app");
if (root) render(<App />, root);
