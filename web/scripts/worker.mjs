// Lets a module import the address of a thread's script: `import script from "worker:./worker.ts"`. The script is bundled by itself.
import { dirname, resolve } from "node:path";
import * as esbuild from "esbuild";

/** The plugin; `minify` as in the build that it is part of. */
export function threads(minify) {
    return {
        name: "threads",
        setup(build) {
            build.onResolve({ filter: /^worker:/ }, ({ path, importer }) => ({
                path: `${resolve(dirname(importer), path.slice("worker:".length)).replace(/\.ts$/, "")}.js`,
                namespace: "worker",
            }));
            build.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
                const entry = path.replace(/\.js$/, ".ts");
                const built = await esbuild.build({
                    entryPoints: [entry],
                    bundle: true,
                    write: false,
                    format: "iife",
                    target: build.initialOptions.target,
                    minify,
                    metafile: true,
                    legalComments: "none",
                });
                const watchFiles = Object.keys(built.metafile.inputs).map((name) => resolve(name));
                return { contents: built.outputFiles[0].text, loader: "file", watchFiles };
            });
        },
    };
}
