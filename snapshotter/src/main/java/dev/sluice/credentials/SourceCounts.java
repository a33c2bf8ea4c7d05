package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

/**
 * How often a source of credentials was asked, and what came of it, since the process started.
 *
 * @param source its name
 * @param given answers with credentials
 * @param none answers that there are none, or no others than those that were refused
 * @param failed questions that it could not answer
 * @param refused credentials of it that registries did not take
 */
public record SourceCounts(String source, long given, long none, long failed, long refused) {
    public SourceCounts {
        requireNonNull(source, "source is null");
    }
}
