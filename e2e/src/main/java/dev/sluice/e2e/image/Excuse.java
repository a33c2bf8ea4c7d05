package dev.sluice.e2e.image;

import dev.sluice.e2e.tree.TreeDigest.Difference;

/** A difference between an unpacked image and one of its forms that is the form's doing: it does not hold what would be needed. */
public enum Excuse {
    /** Modification times are whole seconds, the nearest ones, halves rounded up. */
    NEAREST_SECOND {
        @Override
        public boolean holdsFor(Difference difference) {
            return difference.isMtime() && inSeconds(difference, SECOND_IN_NANOS / 2);
        }
    },
    /** Modification times are whole seconds, the ones before. */
    SECOND_BEFORE {
        @Override
        public boolean holdsFor(Difference difference) {
            return difference.isMtime() && inSeconds(difference, 0);
        }
    },
    /** Modification times are missing: they are the beginning of 1970. */
    NO_TIME {
        @Override
        public boolean holdsFor(Difference difference) {
            return difference.isMtime()
                    && difference.second().filter("0"::equals).isPresent();
        }
    },
    /** Extended attributes whose value is empty are missing. */
    NO_EMPTY_XATTR {
        @Override
        public boolean holdsFor(Difference difference) {
            return difference.fact().equals("xattrs")
                    && difference
                            .first()
                            .map(xattrs -> xattrs.replaceAll("(, )?\"[^\"]*\": \"\"", ""))
                            .equals(difference.second());
        }
    };

    private static final long SECOND_IN_NANOS = 1_000_000_000;

    /** @param difference of the unpacked image to the form */
    public abstract boolean holdsFor(Difference difference);

    private static boolean inSeconds(Difference difference, long added) {
        return difference
                .first()
                .map(exact -> Math.floorDiv(Long.parseLong(exact) + added, SECOND_IN_NANOS) * SECOND_IN_NANOS)
                .equals(difference.second().map(Long::valueOf));
    }
}
