package dev.sluice.ondemand.cachefiles;

import java.util.List;

/**
 * When the kernel asks for space in the cache, in percent of the blocks and of the files of its file system that are free:
 * {@code 0 <= stop < cull < run < 100}.
 *
 * @param run above this nothing is culled
 * @param cull below this it asks for culling
 * @param stop below this it takes nothing more into the cache, and readers of what is missing get I/O errors
 */
public record CullLimits(int run, int cull, int stop) {
    /** What {@code cachefilesd} comes with. */
    public static final CullLimits DEFAULT = new CullLimits(10, 7, 3);

    /** @throws IllegalArgumentException if the order is another; the message is one sentence */
    public CullLimits {
        if (stop < 0 || stop >= cull || cull >= run || run >= 100) {
            throw new IllegalArgumentException("culling limits must be 0 <= stop < cull < run < 100, not stop " + stop
                    + ", cull " + cull + ", run " + run);
        }
    }

    /** The commands that set them; the kernel checks each against the two that stand at that time. */
    List<String> commands() {
        return List.of(
                "brun 99%",
                "bstop 0%",
                "bcull " + cull + "%",
                "bstop " + stop + "%",
                "brun " + run + "%",
                "frun 99%",
                "fstop 0%",
                "fcull " + cull + "%",
                "fstop " + stop + "%",
                "frun " + run + "%");
    }
}
