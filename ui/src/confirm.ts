// The view of guarded tools: `ui://k6-cloud/confirm.html`.
import { Screen } from "./screen";

void new Screen("k6-cloud-confirm").open();
