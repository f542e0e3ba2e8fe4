import { defineConfig } from "vitest/config";
import { iconSprite } from "./vite/sprite.ts";

export default defineConfig({
  // Relative addresses inside the bundle, so that STATIC_URL can be anything.
  base: "./",
  plugins: [iconSprite()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true,
    target: ["es2022", "chrome123", "firefox128", "safari17.5"],
    cssTarget: ["chrome123", "firefox128", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: false,
    // The map's worker is a file of its own: the content security policy allows no other.
    rollupOptions: { input: { main: "src/main.ts", map: "src/styles/components/map.css" } },
    chunkSizeWarningLimit: 700,
  },
  server: { origin: "http://localhost:5173" },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts", "vite/**/*.test.ts"] },
});
