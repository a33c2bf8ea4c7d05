package dev.sluice.daemon;

import dev.sluice.index.IndexFinder;
import dev.sluice.index.IndexPolicy;
import dev.sluice.index.IndexPublisher;
import dev.sluice.index.IndexTrust;
import dev.sluice.index.SigningKey;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.linux.Linux;
import dev.sluice.linux.Zlib;
import dev.sluice.mount.PlainSettings;
import dev.sluice.mount.ZlibBlocks;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** From the configuration to what becomes of plain layers. */
final class PlainLayerSettings {
    private static final Logger log = LoggerFactory.getLogger(PlainLayerSettings.class);

    /** Within a Prepare, during which others may wait. */
    private static final Duration FIND_TIMEOUT = Duration.ofSeconds(3);

    private static final Duration PUBLISH_TIMEOUT = Duration.ofMinutes(10);

    private PlainLayerSettings() {}

    /**
     * @param scratch an existing directory, on the file system that will hold the layers
     * @throws IOException if a key cannot be read, or EROFS cannot be mounted
     */
    static PlainSettings of(Config config, Linux linux, Path scratch, RegistryClient registry) throws IOException {
        Zlib.Lookup zlib = Zlib.load();
        if (zlib instanceof Zlib.Missing missing) {
            log.warn("Layers of tar and gzip are left to containerd: {}", missing.reason());
        }
        IndexTrust trust = Settings.indexTrust(config.index());
        // Decoding and hashing take two threads for each layer.
        int atOnce = Math.max(2, Runtime.getRuntime().availableProcessors() / 2);
        return new PlainSettings(
                config.plain().fetch(),
                config.plain().patience(),
                atOnce,
                new StreamDecoders(ZlibBlocks.factory(zlib)),
                config.plain().spacing().bytes(),
                PlainLayerLimits.forHeap(Runtime.getRuntime().maxMemory()),
                config.plain().indexes().bytes(),
                trust.policy() == IndexPolicy.OFF
                        ? Optional.empty()
                        : Optional.of(new IndexFinder(registry, trust, FIND_TIMEOUT)),
                publishing(config, registry),
                Backends.erofs(config, linux, scratch).mounter());
    }

    private static Optional<PlainSettings.Publishing> publishing(Config config, RegistryClient registry)
            throws IOException {
        if (!config.index().publish()) {
            return Optional.empty();
        }
        IndexPublisher publisher = new IndexPublisher(registry, Clock.systemUTC(), PUBLISH_TIMEOUT);
        Optional<SigningKey> key = Settings.signingKey(config.index());
        return Optional.of((image, indexes) -> publisher.publish(image, indexes, key));
    }
}
