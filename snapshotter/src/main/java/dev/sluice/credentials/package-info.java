/**
 * Sources of registry credentials behind {@link dev.sluice.registry.CredentialSource}.
 *
 * <p>Credentials live in memory only and never reach a log.
 */
@NullMarked
package dev.sluice.credentials;

import org.jspecify.annotations.NullMarked;
