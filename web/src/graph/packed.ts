// Values as short text: JSON, deflated, in the letters that an address may hold.

/** A value as text. */
export async function pack(value: unknown): Promise<string> {
    return base64(await through(new TextEncoder().encode(JSON.stringify(value)), new CompressionStream("deflate-raw")));
}

/** The value of a text; fails where the text is none of ours. */
export async function unpack(text: string): Promise<unknown> {
    return JSON.parse(new TextDecoder().decode(await through(unbase64(text), new DecompressionStream("deflate-raw"))));
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
    const answer = new Response(new Blob([bytes]).stream().pipeThrough(stream));
    return new Uint8Array(await answer.arrayBuffer());
}

/** Bytes that are turned to text at once: more arguments than this are too many for one call. */
const AT_ONCE = 8_192;

/** Bytes in the letters that an address may hold. */
export function base64(bytes: Uint8Array): string {
    let text = "";
    for (let at = 0; at < bytes.length; at += AT_ONCE) text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The bytes of such a text. */
export function unbase64(text: string): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}
