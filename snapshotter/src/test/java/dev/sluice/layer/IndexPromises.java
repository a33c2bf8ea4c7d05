package dev.sluice.layer;

import java.util.HashSet;
import java.util.Set;

/** What {@link LayerIndex} promises, whatever bytes it was made of. */
public final class IndexPromises {
    private IndexPromises() {}

    /** @throws AssertionError if a promise is broken */
    public static void check(LayerIndex index) {
        Set<String> paths = new HashSet<>();
        Set<String> files = new HashSet<>();
        for (Entry entry : index.entries()) {
            String path = "/" + entry.path() + "/";
            require(paths.add(entry.path()), entry, "comes twice");
            require(!path.contains("/../") && !path.contains("/./") && path.indexOf('\0') < 0, entry, "is not clean");
            if (entry instanceof Entry.HardLink link) {
                require(files.contains(link.target()), entry, "comes before its target");
            } else if (!(entry instanceof Entry.Directory)) {
                files.add(entry.path());
            }
            if (entry instanceof Entry.RegularFile file) {
                boolean isInside = file.deviceOffset() <= index.spans().deviceSize() - file.size();
                require(isInside, entry, "ends beyond the device");
            }
        }
    }

    private static void require(boolean kept, Object what, String broken) {
        if (!kept) {
            throw new AssertionError(what + " " + broken);
        }
    }
}
