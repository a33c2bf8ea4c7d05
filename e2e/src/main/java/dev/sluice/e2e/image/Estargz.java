package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.e2e.host.CacheDirectory;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/** Converts an image of a registry to eStargz, with Debian's {@code ctr-remote}. */
public final class Estargz {

    private static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

    private Estargz() {}

    /**
     * Converts an image and pushes the result beside it.
     *
     * @param containerd holds both afterwards
     * @throws IOException if anything fails, or a layer of the pushed image lacks the digest of its table of contents
     */
    public static void convert(ContainerdClient containerd, String source, String target) throws IOException {
        containerd.command("content", "fetch", "--plain-http", source).run();
        containerd
                .remoteCommand("images", "convert", "--estargz", "--oci", source, target)
                .run();
        containerd.remoteCommand("images", "push", "--plain-http", target).run();
        requireTocDigests(RemoteManifest.fetch(target));
    }

    /**
     * Converts an image to eStargz with external tables of contents, and pushes the result and the image with these beside it.
     *
     * @param containerd holds all of them afterwards
     * @param nerdctl of the 1.x versions: Debian's {@code ctr-remote} is too old for it
     * @param work for files of nerdctl
     */
    public static void convertExternally(
            ContainerdClient containerd, Path nerdctl, Path work, String source, String target) throws IOException {
        containerd.command("content", "fetch", "--plain-http", source).run();
        containerd
                .otherCommand(nerdctl, "--data-root", work.resolve("nerdctl").toString())
                .withArguments(
                        List.of("image", "convert", "--estargz", "--estargz-external-toc", "--oci", source, target))
                .run();
        containerd.remoteCommand("images", "push", "--plain-http", target).run();
        containerd
                .remoteCommand("images", "push", "--plain-http", target + "-esgztoc")
                .run();
        requireTocDigests(RemoteManifest.fetch(target));
    }

    /**
     * The eStargz form of an image of Debian packages, made or found in the cache.
     *
     * @param work for a registry and a containerd that live only while it is made; short, since unix sockets lie in it
     * @return an OCI layout with the tag {@link DebianImage#TAG}, not to be changed
     */
    public static Path build(DebianImage image, Path work) throws IOException {
        Path cached = CacheDirectory.of("images").resolve(image.name() + "-" + image.key() + "-estargz");
        if (Files.exists(cached)) {
            return cached;
        }
        return convert(image.build(), image.name(), cached, work);
    }

    /**
     * The eStargz form of an image, made or found in the cache.
     *
     * @param name for people
     * @param layers the lowest first
     * @param work as above
     * @return an OCI layout with the tag {@link DebianImage#TAG}, not to be changed
     */
    public static Path build(String name, List<List<TarEntry>> layers, Path work) throws IOException {
        MessageDigest digest = Digests.newSha256();
        for (List<TarEntry> layer : layers) {
            try (TarWriter writer = new TarWriter(new DigestOutputStream(OutputStream.nullOutputStream(), digest))) {
                for (TarEntry entry : layer) {
                    writer.write(entry);
                }
            }
        }
        String key = HexFormat.of().formatHex(digest.digest()).substring(0, 16);
        Path cached = CacheDirectory.of("images").resolve(name + "-" + key + "-estargz");
        if (Files.exists(cached)) {
            return cached;
        }
        Path plain = work.resolve("plain");
        OciLayout.write(plain, DebianImage.TAG, layers);
        return convert(plain, name, cached, work);
    }

    private static Path convert(Path plain, String name, Path cached, Path work) throws IOException {
        Path temporary = Files.createTempDirectory(cached.getParent(), "convert");
        try (RegistryProcess registry = RegistryProcess.start(work.resolve("r"));
                ContainerdProcess containerd = ContainerdProcess.start(
                        work.resolve("c"), ContainerdBinaries.installed(), ContainerdConfig.PLAIN)) {
            String source = registry.address() + "/" + name + ":plain";
            String target = registry.address() + "/" + name + ":" + DebianImage.TAG;
            ImagePublisher.push(plain, DebianImage.TAG, source);
            convert(containerd.client(), source, target);
            ImagePublisher.fetch(target, temporary.resolve("layout"), DebianImage.TAG);
            Files.move(temporary.resolve("layout"), cached);
            return cached;
        } finally {
            Command.of("rm", "-rf", temporary.toString()).run();
        }
    }

    /** @throws IOException if a layer lacks the digest of its table of contents */
    public static void requireTocDigests(RemoteManifest manifest) throws IOException {
        for (JsonNode layer : manifest.layers()) {
            if (!layer.path("annotations").has(TOC_DIGEST)) {
                throw new IOException("Tried to convert to eStargz but failed because: no " + TOC_DIGEST + " on "
                        + layer.path("digest").asText());
            }
        }
    }
}
