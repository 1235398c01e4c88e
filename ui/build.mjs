// Builds each view into one HTML file that loads nothing: `npm run build`, or `node build.mjs FOLDER` to build elsewhere.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUT = process.argv[2] ?? join(HERE, "../server/k6_cloud_mcp/views");
const VIEWS = [
  { file: "test-run.html", entry: "test_run.ts", styles: "test_run.css", title: "k6 test run" },
  { file: "confirm.html", entry: "confirm.ts", styles: "style.css", title: "Confirm in Grafana Cloud k6" },
];

const bundled = async (entry) => {
  const { outputFiles } = await build({
    entryPoints: [join(HERE, "src", entry)],
    absWorkingDir: HERE,
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
  });
  return outputFiles[0].text.trim();
};

// The host's own policy is as strict or stricter; this one holds where a host has none.
const POLICY = "connect-src 'none'; frame-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'";

const page = (title, styles, script) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${styles}</style>
</head>
<body>
<main id="view" tabindex="-1"><p class="quiet">Waiting for the host…</p></main>
<script>${script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;

await mkdir(OUT, { recursive: true });
for (const { file, entry, styles, title } of VIEWS) {
  const html = page(title, await bundled(styles), await bundled(entry));
  await writeFile(join(OUT, file), html);
  console.log(`${file}: ${(html.length / 1000).toFixed(1)} kB`);
}
