// Signing in, keys, and who may not see a thing: on a server that somebody closed with a first key.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { broken, closeClean, complete, eventually, openPage, picture, startClew, started } from "./support.mjs";

const clew = started();

test("the first key closes the server; with it one signs in, makes another, revokes it, and signs out", async () => {
    const page = await clew.open();
    await page.go("/admin/keys");
    const made = page.getByRole("region", { name: "New key" });
    await made.getByLabel("Name").fill("ana");
    await made.getByLabel("Role").selectOption("admin");
    await made.getByRole("button", { name: "Make" }).click();
    const secret = await eventually(() => page.getByRole("region", { name: "The new secret" }).locator("code").innerText(), /^\S{21,}$/);

    // Who made the first key goes on with it; everybody else is asked for one.
    const keys = page.getByRole("region", { name: "Keys", exact: true });
    await keys.getByRole("row", { name: /ana/ }).getByText("active").waitFor();
    await page.getByRole("button", { name: "ana" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.go("/incidents/4");
    const form = page.getByRole("form", { name: "Sign in" });
    await form.waitFor();
    // What the API says to programs is no greeting.
    assert.doesNotMatch(await form.innerText(), /Authorization|Bearer/);
    await picture(page, "sign-in");
    await form.getByLabel("Key").fill("not-a-key");
    await page.keyboard.press("Enter");
    await form.getByRole("alert").waitFor();
    await form.getByLabel("Key").fill(secret);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: /138 alerts on msticalertswin1/ }).waitFor();
    assert.ok(!(await page.evaluate(() => JSON.stringify(localStorage))).includes(secret), "a key is never kept beyond the tab");

    await page.goto(`${clew.url}/admin/keys`);
    await made.getByLabel("Name").fill("siem");
    await made.getByLabel("Role").selectOption("ingest");
    await made.getByRole("button", { name: "Make" }).click();
    await page.getByRole("region", { name: "The new secret" }).getByText("siem").waitFor();
    await keys.getByRole("row", { name: /siem/ }).getByText("active").waitFor();
    await picture(page, "admin-keys");
    await keys.getByRole("row", { name: /siem/ }).getByRole("button", { name: "Revoke" }).click();
    await keys.getByRole("row", { name: /siem/ }).getByText("revoked").waitFor();

    // A reader is offered nothing that would be refused.
    await made.getByLabel("Name").fill("rita");
    await made.getByLabel("Role").selectOption("reader");
    await made.getByRole("button", { name: "Make" }).click();
    const shown = page.getByRole("region", { name: "The new secret" });
    await shown.getByText("The secret of rita").waitFor();
    const reader = await shown.locator("code").innerText();
    await page.getByRole("button", { name: "ana" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await form.getByLabel("Key").fill(reader);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "rita" }).waitFor();
    await page.goto(`${clew.url}/admin/suppression`);
    const panel = page.getByRole("tabpanel");
    await panel.getByText("read only").waitFor();
    await eventually(() => page.getByRole("button", { name: /New suppression rule/ }).isDisabled(), true);
    for (const part of ["policies", "sources", "retention", "exports", "health"]) {
        await page.goto(`${clew.url}/admin/${part === "health" ? "" : part}`);
        await panel.getByText("read only").first().waitFor();
        await complete(page);
        // Links, and buttons that only show something, are all that can be used.
        const usable = await panel.locator(":is(button, input, select, textarea):enabled:visible").allInnerTexts();
        assert.deepEqual(
            usable.filter((text) => /^(Allow|Set|Change|Save|Define|Delete|New|Choose|Verify|Count|Let go)/.test(text.trim())),
            [],
            part,
        );
        if (part === "policies") assert.deepEqual(usable, []);
    }
    await page.goto(`${clew.url}/incidents/4`);
    await page.getByRole("button", { name: "Status: New" }).waitFor();
    for (const name of ["Status: New", "Severity: High", "Owner: unassigned", "Add a tag"])
        await eventually(() => page.getByRole("button", { name }).isDisabled(), true);
    assert.match(await page.locator("fieldset.needs").first().getAttribute("title"), /You are reader here: responders/);
    await page.locator("body").press("s");
    await page.getByText(/You are reader here: responders/).waitFor();
    await page.goto(`${clew.url}/incidents/4/notes`);
    await eventually(() => page.getByLabel("Comment", { exact: true }).isDisabled(), true);
    assert.deepEqual(await broken(page), []);
    await eventually(() => page.getByRole("tab", { name: "Keys" }).count(), 0);
    await page.getByRole("button", { name: "rita" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await form.waitFor();
    await page.reload();
    await form.waitFor();
    await closeClean(page, { refused: true });
});

/** An identity provider that lets everybody in as ana, at once. */
async function startIssuer() {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig" };
    const coded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const nonces = new Map();
    let address = "";
    const token = (nonce) => {
        const exp = Math.floor(Date.now() / 1000) + 600;
        const claims = { iss: address, aud: "page", sub: "1", exp, nonce, preferred_username: "ana@soc.example", roles: ["soc"] };
        const text = `${coded({ alg: "ES256", kid: "k1" })}.${coded(claims)}`;
        const mark = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
        return `${text}.${mark.toString("base64url")}`;
    };
    const server = createServer(async (request, response) => {
        const asked = new URL(request.url, address);
        if (asked.pathname === "/authorize") {
            const back = new URL(asked.searchParams.get("redirect_uri"));
            nonces.set("c1", asked.searchParams.get("nonce"));
            back.searchParams.set("code", "c1");
            back.searchParams.set("state", asked.searchParams.get("state"));
            response.writeHead(302, { location: back.href }).end();
            return;
        }
        let body = "";
        for await (const part of request) body += part;
        const given =
            asked.pathname === "/token" ? { id_token: token(nonces.get(new URLSearchParams(body).get("code"))) } : { keys: [jwk] };
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(given));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${server.address().port}`;
    return { address, jwk, stop: () => server.close() };
}

test("with an identity provider one signs in there, comes back to where one was, and signs out", async () => {
    const issuer = await startIssuer();
    const settings = `
[oidc]
issuer = "${issuer.address}"
name = "Example Login"
client_id = "page"
authorization_url = "${issuer.address}/authorize"
token_url = "${issuer.address}/token"
keys_file = "keys.json"
[oidc.roles]
soc = "responder"
`;
    const own = await startClew("serve", { "access.toml": settings, "keys.json": JSON.stringify({ keys: [issuer.jwk] }) });
    const page = await openPage(clew.browser, own.url, { elsewhere: [issuer.address] });
    await page.go("/alerts");
    const form = page.getByRole("form", { name: "Sign in" });
    const way = form.getByRole("link", { name: "Sign in with Example Login" });
    await way.click();
    // Nobody may be called outside yet: the page says that it did not work, and keeps the way.
    await form.getByRole("alert").getByText("cannot be asked now").waitFor();
    own.run("egress", "set", "--private", "127.0.0.1");
    await way.click();
    await page.getByRole("button", { name: "ana@soc.example" }).click();
    assert.equal(new URL(page.url()).pathname, "/alerts");
    assert.equal(await page.evaluate(() => document.cookie), "", "no script sees the session");
    await page.getByRole("button", { name: "Sign out" }).click();
    await form.waitFor();
    await page.reload();
    await way.waitFor();
    await closeClean(page, { refused: true });
    await own.stop();
    issuer.stop();
});
