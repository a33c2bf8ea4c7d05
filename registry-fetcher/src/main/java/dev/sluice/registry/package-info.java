/**
 * Talks to OCI registries: references, manifests, tokens, and blob ranges with retries.
 *
 * <p>Knows HTTP, the OCI distribution spec and the shape of manifests. Must not know what a layer contains, where
 * credentials come from (see {@link dev.sluice.registry.CredentialSource}), or that containerd exists. No type of the HTTP
 * library appears in a public signature.
 */
@NullMarked
package dev.sluice.registry;

import org.jspecify.annotations.NullMarked;
