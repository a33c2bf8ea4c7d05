package dev.sluice.image;

import static java.util.Objects.requireNonNull;

import java.util.List;

/** What came of looking for the image of a snapshot. */
public sealed interface Resolution {
    /**
     * Images whose layer has the chain ID that was asked for.
     *
     * @param candidates at least one; the most likely first
     */
    record Found(List<ResolvedImage> candidates) implements Resolution {
        public Found {
            candidates = List.copyOf(candidates);
            if (candidates.isEmpty()) {
                throw new IllegalArgumentException("no candidates");
            }
        }
    }

    /** @param reason one sentence for the log, without a full stop */
    record NotFound(String reason) implements Resolution {
        public NotFound {
            requireNonNull(reason, "reason is null");
        }
    }
}
