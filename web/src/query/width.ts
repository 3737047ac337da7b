// How wide a chart is on the screen: it is drawn in just these pixels, so that its words are as large as any other.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const USUAL_PX = 960;
const LEAST_PX = 280;

export function useWidth(): readonly [RefObject<SVGSVGElement | null>, number] {
    const box = useRef<SVGSVGElement>(null);
    const [width, setWidth] = useState(USUAL_PX);
    useLayoutEffect(() => {
        const element = box.current;
        if (!element) return;
        const measure = () => setWidth(Math.max(LEAST_PX, Math.round(element.getBoundingClientRect().width)));
        measure();
        const observer = new ResizeObserver(measure);
        observer.observe(element);
        return () => observer.disconnect();
    }, []);
    return [box, width];
}
