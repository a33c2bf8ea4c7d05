/**
 * Sources of registry credentials behind {@link dev.sluice.registry.CredentialSource}: Docker's files and helpers, image pull secrets of
 * Kubernetes, the kubelet's credential providers, and what pulls show containerd.
 *
 * <p>Knows the formats of all of these. Must not know what is done with credentials, or who asks. Credentials live in memory only and never
 * reach a log.
 */
@NullMarked
package dev.sluice.credentials;

import org.jspecify.annotations.NullMarked;
