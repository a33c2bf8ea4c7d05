package dev.sluice.e2e;

import dev.sluice.e2e.image.Excuse;
import dev.sluice.e2e.tree.TreeDigest;
import dev.sluice.e2e.tree.TreeDigest.Difference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * What unpacking does to a tree beyond what the image says. A directory in which a layer changes something without naming it gets
 * the time of that change, for the tar has no other; the root gets it always, for containerd skips the root's own entry. Times of
 * the unpacking are all that is excused, and of directories alone.
 *
 * @param startNanos when it began, on the clock that stamps files, in nanoseconds since 1970
 */
record Unpacking(long startNanos) {

    /** Files in which eStargz keeps its books; overlayfs shows them, a lazy snapshotter hides them. */
    private static final Set<String> BOOKKEEPING =
            Set.of("stargz.index.json", ".prefetch.landmark", ".no.prefetch.landmark");

    /** An unpacking that begins now. The file system's own clock tells when that is: the system's may be ahead of it. */
    static Unpacking beginning(Path directory) throws IOException {
        Path stamp = Files.createTempFile(directory, "start", "");
        try {
            return new Unpacking(Files.getLastModifiedTime(stamp).to(TimeUnit.NANOSECONDS));
        } finally {
            Files.delete(stamp);
        }
    }

    /** All differences of an unpacked tree to another one that it did not make itself. */
    List<Difference> differences(TreeDigest unpacked, TreeDigest other) {
        return unpacked.differencesTo(other).stream()
                .filter(difference -> !isTimeOfUnpacking(unpacked, difference))
                .toList();
    }

    /** The same down to the nanosecond, except for what a form of the image cannot say. */
    List<Difference> differences(TreeDigest unpacked, TreeDigest other, Set<Excuse> excuses) {
        return unpacked.exactDifferencesTo(other).stream()
                .filter(difference -> !isTimeOfUnpacking(unpacked, difference))
                .filter(difference -> excuses.stream().noneMatch(excuse -> excuse.holdsFor(difference)))
                .toList();
    }

    /** The same for the eStargz form of an unpacked image, unpacked as well. */
    List<Difference> differencesToEstargz(TreeDigest unpacked, TreeDigest estargz) {
        return differences(unpacked, estargz).stream()
                .filter(difference -> !isBookkeeping(difference))
                .toList();
    }

    private boolean isTimeOfUnpacking(TreeDigest unpacked, Difference difference) {
        return difference.isMtime()
                && unpacked.isDirectory(difference.path())
                && difference.first().stream().anyMatch(mtime -> Long.parseLong(mtime) >= startNanos);
    }

    static boolean isBookkeeping(Difference difference) {
        return difference.fact().equals(Difference.PATH)
                && difference.first().isEmpty()
                && BOOKKEEPING.contains(difference.path());
    }
}
