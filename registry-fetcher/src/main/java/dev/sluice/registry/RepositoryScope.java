package dev.sluice.registry;

/** The scopes of tokens for a repository, as the distribution project defines them: {@code repository:NAME:ACTIONS}. */
final class RepositoryScope {
    private static final String PREFIX = "repository:";

    private RepositoryScope() {}

    /** Of tokens that read. */
    static String pull(ImageReference repository) {
        return PREFIX + repository.repository() + ":pull";
    }

    /** Of tokens that write; who writes also looks at what is there. */
    static String push(ImageReference repository) {
        return PREFIX + repository.repository() + ":pull,push";
    }

    static String delete(ImageReference repository) {
        return PREFIX + repository.repository() + ":delete";
    }

    /** The name of the repository in such a scope. */
    static String repository(String scope) {
        int colon = scope.lastIndexOf(':');
        if (!scope.startsWith(PREFIX) || colon < PREFIX.length()) {
            throw new IllegalArgumentException("not the scope of a repository: " + scope);
        }
        return scope.substring(PREFIX.length(), colon);
    }
}
