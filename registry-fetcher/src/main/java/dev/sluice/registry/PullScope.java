package dev.sluice.registry;

/** The scope of tokens that read from a repository, as the distribution project defines it. */
final class PullScope {
    private PullScope() {}

    static String of(ImageReference repository) {
        return "repository:" + repository.repository() + ":pull";
    }
}
