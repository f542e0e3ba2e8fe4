import { defineConfig } from "vite";

/** The service worker: one script without imports, under a fixed name, built after everything else. */
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "dist",
    emptyOutDir: false,
    target: ["es2022", "chrome123", "firefox128", "safari17.5"],
    rollupOptions: {
      input: { sw: "src/worker/sw.ts" },
      output: { format: "iife", entryFileNames: "[name].js" },
    },
  },
});
