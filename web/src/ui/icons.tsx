// Own line icons on a 16 grid, drawn with the colour of the text around them.
export const shapes = {
    queue: "M2.5 4h11M2.5 8h11M2.5 12h7",
    alert: "M8 2.2 14.2 13H1.8ZM8 6.5v3M8 11.2v.1",
    graph: "M4 4.5 11.5 8M4 11.5 11.5 8M4 4.5v7M2.5 4.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M2.5 11.5a1.5 1.5 0 1 0 3 0 1.5 1.5 0 1 0-3 0M10.5 8a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 1 0-3.6 0",
    query: "M3 4.5 6.5 8 3 11.5M8 12h5",
    admin: "M2.5 4.5h5M11.5 4.5h2M2.5 11.5h2M8.5 11.5h5M7.8 4.5a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 1 0-3.6 0M4.6 11.5a1.8 1.8 0 1 0 3.6 0 1.8 1.8 0 1 0-3.6 0",
    search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 1 0 0-9M10.4 10.4 14 14",
    close: "M4 4l8 8M12 4l-8 8",
    plus: "M8 3v10M3 8h10",
    minus: "M3 8h10",
    check: "M3 8.5 6.5 12 13 4.5",
    down: "M4 6l4 4 4-4",
    up: "M4 10l4-4 4 4",
    right: "M6 4l4 4-4 4",
    left: "M10 4 6 8l4 4",
    external: "M6.5 3H3v10h10V9.5M9 3h4v4M13 3 7.5 8.5",
    copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
    download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M2.5 13.5h11",
    print: "M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z",
    columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
    filter: "M2 3.5h12L9.5 8.5V13l-3-1.5v-3z",
    star: "M8 2l1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.3l-3.7 2 .8-4.1L2 6.3l4.2-.5z",
    clock: "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M8 4.5V8l2.5 1.5",
    sun: "M8 5a3 3 0 1 0 0 6 3 3 0 1 0 0-6M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
    moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z",
    screen: "M2 3h12v8H2zM5.5 13.5h5",
    play: "M5 3.5v9l7-4.5z",
    refresh: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v2.7h-2.7",
    help: "M6 6a2 2 0 1 1 2.8 1.8c-.5.3-.8.6-.8 1.2v.5M8 12v.1M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 1 0 0-13",
    account: "M8 2.5a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 1 0 0-5.6M2.8 13.5c.6-2.6 2.6-4 5.2-4s4.6 1.4 5.2 4",
    host: "M2 3h12v8H2zM6 13.5h4M8 11v2.5",
    ip: "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14M8 2C6 4 5.5 6 5.5 8S6 12 8 14",
    file: "M4 2h5l3 3v9H4zM9 2v3h3",
    process:
        "M8 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 1 0 0-5M8 2v1.8M8 12.2V14M2 8h1.8M12.2 8H14M3.8 3.8l1.2 1.2M11 11l1.2 1.2M3.8 12.2 5 11M11 5l1.2-1.2",
    url: "M6.8 9.2a2.6 2.6 0 0 0 3.8 0l2-2A2.6 2.6 0 0 0 9 3.4l-1 1M9.2 6.8a2.6 2.6 0 0 0-3.8 0l-2 2A2.6 2.6 0 0 0 7 12.6l1-1",
    cloud: "M5 12.5a3 3 0 0 1-.3-6A3.8 3.8 0 0 1 12 7.2a2.7 2.7 0 0 1-.3 5.3z",
    incident: "M8 1.8 13.5 4v4c0 3.2-2.3 5.2-5.5 6.2C4.8 13.2 2.5 11.2 2.5 8V4z",
    other: "M8 2l5.2 3v6L8 14l-5.2-3V5z",
    mail: "M2 3.5h12v9H2zM2 4l6 5 6-5",
    key: "M10.5 2.5a3 3 0 1 0 0 6 3 3 0 1 0 0-6M8.4 7.6 2.5 13.5M4.5 11.5l1.5 1.5",
    timeline: "M2 8h12M4.5 5.5v5M8 4v8M11.5 5.5v5",
    table: "M2.5 3h11v10h-11zM2.5 6.5h11M6.5 6.5V13",
    chart: "M3 13V9M6.5 13V5M10 13V7.5M13.5 13V3",
    note: "M3 2.5h10v8l-3 3H3zM10 13.5v-3h3M5.5 6h5M5.5 8.5h3",
    pulse: "M1.5 8h3L6.5 3l3 10 2-5h3",
    group: "M2.5 3h11v3h-11zM4.5 6v3h9V6M6.5 9v3.5h7V9",
    edit: "M3 13l.7-3.2L11 2.5l2.5 2.5-7.3 7.3zM9.5 4l2.5 2.5",
    undo: "M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6",
    bookmark: "M4 2.5h8v11l-4-3-4 3z",
    report: "M4 2h5l3 3v9H4zM9 2v3h3M6 8h4M6 10.5h4",
    lock: "M3.5 7.5h9v6h-9zM5.3 7.5V5a2.7 2.7 0 0 1 5.4 0v2.5",
    shield: "M8 1.8 13.5 4v4c0 3.2-2.3 5.2-5.5 6.2C4.8 13.2 2.5 11.2 2.5 8V4zM5.5 8l2 2 3.5-3.5",
    bolt: "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
    list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1",
    user: "M8 2.5a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 1 0 0-5.6M2.8 13.5c.6-2.6 2.6-4 5.2-4s4.6 1.4 5.2 4",
    bell: "M8 2a3.8 3.8 0 0 0-3.8 3.8c0 3.4-1.7 4.2-1.7 5.4h11c0-1.2-1.7-2-1.7-5.4A3.8 3.8 0 0 0 8 2M6.5 13.3a1.6 1.6 0 0 0 3 0",
    book: "M3 2.5h4.5L8 3l.5-.5H13v10H8.5L8 13l-.5-.5H3zM8 3v10",
} as const;

export type IconName = keyof typeof shapes;

/** An icon. It says nothing to a screen reader: the text beside it or the label of its button does. */
export function Icon({ name }: { name: IconName }) {
    return (
        <svg
            class="icon-shape"
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            stroke-width="1.4"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
        >
            <path d={shapes[name]} />
        </svg>
    );
}

/** The mark of clew: a ball of thread. */
export function Mark() {
    return (
        <svg
            width="26"
            height="26"
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="1.7"
            stroke-linecap="round"
            aria-hidden="true"
        >
            <circle cx="11" cy="11" r="8" />
            <path d="M3.6 8c5-1 10 1 13.4 5M4.6 15c2-5 6-9 11.4-9M9 19c0-5 3-9 9-11M17 17c2 2 3 3 5 3" />
        </svg>
    );
}
