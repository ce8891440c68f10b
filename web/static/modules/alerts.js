/** A member's alerts: read afresh whenever the stream says that something was said or set right. */

import { follow, tell } from "./live.js";
import "./panels.js";

const readAgain = () => tell("tandem:alerts");
follow((fact) => { if (fact.kind.startsWith("statement.")) readAgain(); }, readAgain);
// A page that lay in the background may have slept through it.
document.addEventListener("visibilitychange", () => { if (!document.hidden) readAgain(); });
