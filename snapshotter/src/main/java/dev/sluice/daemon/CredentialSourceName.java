package dev.sluice.daemon;

import java.util.Locale;

/** Where credentials of registries come from; the names in the configuration. */
public enum CredentialSourceName {
    /** Docker's {@code config.json} and its helpers. */
    DOCKER,
    /** Image pull secrets. */
    KUBERNETES,
    /** The kubelet's credential providers. */
    KUBELET,
    /** What pulls show containerd, seen on their way. */
    CRI;

    /** As in the configuration. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
