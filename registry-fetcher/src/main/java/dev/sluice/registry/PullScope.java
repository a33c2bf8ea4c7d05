package dev.sluice.registry;

/** The scope of tokens that read from a repository, as the distribution project defines it. */
final class PullScope {
    private static final String PREFIX = "repository:";
    private static final String SUFFIX = ":pull";

    private PullScope() {}

    static String of(ImageReference repository) {
        return PREFIX + repository.repository() + SUFFIX;
    }

    /** The name of the repository in such a scope. */
    static String repository(String scope) {
        if (!scope.startsWith(PREFIX) || !scope.endsWith(SUFFIX)) {
            throw new IllegalArgumentException("not the scope of a pull: " + scope);
        }
        return scope.substring(PREFIX.length(), scope.length() - SUFFIX.length());
    }
}
