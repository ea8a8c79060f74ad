import { tempFolder } from "@isthmus/testkit";
import { describeStore } from "../conformance.ts";
import { openLmdbStore } from "./lmdb-store.ts";

describeStore("lmdb", async (options) => {
  const folder = await tempFolder();
  let store = await openLmdbStore({ ...options, folder: folder.path });
  return {
    store,
    reopen: async () => {
      await store.stop();
      store = await openLmdbStore({ ...options, folder: folder.path });
      return store;
    },
    dispose: async () => {
      await store.stop();
      await folder.remove();
    },
  };
});
