// Serves dist/ and passes API requests on to a running clew: `CLEW_URL=http://127.0.0.1:8080 npm run dev`.
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const built = fileURLToPath(new URL("../dist", import.meta.url));
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };
/** The policy of the real server, so that what it forbids shows up here too. */
const policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/** Starts the server; gives it and its address. */
export function serve(target, port, dist = built) {
    const clew = new URL(target);
    const server = createServer((incoming, outgoing) => {
        const { pathname } = new URL(incoming.url, "http://localhost");
        if (/^\/(v1|docs|metrics)\b/.test(pathname)) {
            const upstream = request(
                { host: clew.hostname, port: clew.port, method: incoming.method, path: incoming.url, headers: incoming.headers },
                (answer) => {
                    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
                    answer.pipe(outgoing);
                },
            );
            upstream.on("error", (error) => outgoing.writeHead(502).end(String(error)));
            incoming.pipe(upstream);
            return;
        }
        const asset = /^\/assets\/[\w.-]+$/.test(pathname) ? `${dist}${pathname}` : `${dist}/index.html`;
        if (!existsSync(asset)) {
            outgoing.writeHead(404).end("not found");
            return;
        }
        outgoing.writeHead(200, {
            "content-type": types[extname(asset)] ?? "application/octet-stream",
            "content-security-policy": policy,
            "cache-control": "no-cache",
        });
        createReadStream(asset).pipe(outgoing);
    });
    return new Promise((resolve) => {
        server.listen(port, "127.0.0.1", () => resolve({ server, url: `http://127.0.0.1:${server.address().port}` }));
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const { url } = await serve(process.env.CLEW_URL ?? "http://127.0.0.1:8080", Number(process.env.PORT ?? 8090));
    console.log(`the page is at ${url}`);
}
