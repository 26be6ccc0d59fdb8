import { defineConfig } from "vite";

/** The gateway to develop against: `tth serve --web`. */
const gateway = process.env["PAGE_GATEWAY"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  server: { host: "127.0.0.1", proxy: { "/v1": { target: gateway, ws: true } } },
  build: {
    outDir: "../src/tth/gateway/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Names without hashes: the built files are committed, and a change should be seen as one. The gateway answers with
    // an ETag, so that no browser keeps an old one.
    rollupOptions: {
      output: {
        entryFileNames: "page.js",
        chunkFileNames: "[name].js",
        assetFileNames: "[name][extname]",
      },
    },
    chunkSizeWarningLimit: 800,
  },
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "[name].js" } } },
});
