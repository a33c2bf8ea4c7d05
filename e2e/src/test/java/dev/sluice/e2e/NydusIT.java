package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImageForm;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.Nydus;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.PlainImage;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Images that nydus' own tools have converted are lazy in every layer, and look and run like the plain image that they were made from. Not
 * among the forms of {@link FormsIT} but of {@link FrailFormsIT}: nydus-image refuses some of the names that are in its image.
 */
@TestInstance(Lifecycle.PER_CLASS)
class NydusIT {
    private static final int MIB = 1 << 20;

    private final TestBed bed;
    private final RegistryProcess registry;
    private final SluiceNode node;
    private final PlainImage debian;
    private final Unpacking unpacking;
    private final TreeDigest unpacked;

    NydusIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
        assumeTrue(FormsBed.canMake(Nydus.reference()), "needs nydusify and nydus-image");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ContainerdClient ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN))
                .client();
        node = SluiceNode.start(
                bed, Machine.installedContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
        debian = publish("debian", TestImages.PYTHON.build());
        unpacking = Unpacking.beginning(bed.directory());
        unpacked = ImageTrees.unpacked(ordinary, debian.reference(), bed.directory("u"));
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    static Stream<ImageForm> forms() {
        return Stream.of(Nydus.form("zstd"), Nydus.form("lz4_block"), Nydus.form("none"), Nydus.reference());
    }

    @ParameterizedTest
    @MethodSource("forms")
    void aContainerRunsFromAPartOfItAndTheTreeIsTheSame(ImageForm form) throws IOException {
        String reference = form.make(in(form.name(), debian));
        AccessLog before = registry.accessLog();
        node.client().pullLazily(reference, SluiceProcess.NAME);
        String output = node.client()
                .run(reference, SluiceProcess.NAME, form.name(), TestImages.PYTHON_HELLO)
                .stdout();
        AccessLog started = registry.accessLog().since(before);
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        TreeDigest tree =
                ImageTrees.view(node.client(), SluiceProcess.NAME, manifest, bed.directory("m-" + form.name()));
        String content = node.client().command("content", "ls", "--quiet").run().stdout();

        long whole = RemoteManifest.fetch(debian.reference()).layerBytes();
        System.out.printf(
                "%s: %d of %d bytes in %d requests%n",
                form, started.bytes(), whole, started.requests().size());
        assertThat(output).isEqualTo("hello\n");
        assertThat(started.bytes()).isLessThan(whole / 2);
        assertThat(unpacking.differences(unpacked, tree)).isEmpty();
        assertThat(manifest.layers())
                .allSatisfy(layer ->
                        assertThat(content).doesNotContain(layer.path("digest").asText()));
    }

    @Test
    void imagesThatShareABlobLiveOnOneNode() throws IOException {
        List<TarEntry> base = List.of(TarEntry.file("base", new byte[] {1}));
        String one = share("one", base);
        String two = share("two", base);
        RemoteManifest first = RemoteManifest.fetch(one);
        RemoteManifest second = RemoteManifest.fetch(two);
        assertThat(first.layers().get(0).path("digest"))
                .isEqualTo(second.layers().get(0).path("digest"));

        node.client().pullLazily(one, SluiceProcess.NAME);
        node.client().pullLazily(two, SluiceProcess.NAME);

        try (MountedView view = node.client().view(SluiceProcess.NAME, first.chainId(), bed.directory("m-one"));
                MountedView other = node.client().view(SluiceProcess.NAME, second.chainId(), bed.directory("m-two"))) {
            assertThat(view.target().resolve("base")).hasBinaryContent(new byte[] {1});
            assertThat(view.target().resolve("one")).hasContent("one");
            assertThat(other.target().resolve("base")).hasBinaryContent(new byte[] {1});
            assertThat(other.target().resolve("two")).hasContent("two");
        }
    }

    /** An image with a layer that others have, too, and one of its own. */
    private String share(String name, List<TarEntry> base) throws IOException {
        Path layout = bed.directory("share-" + name);
        List<TarEntry> own = List.of(TarEntry.file(name, name.getBytes(StandardCharsets.UTF_8)));
        OciLayout.write(layout, DebianImage.TAG, List.of(base, own));
        return Nydus.form("zstd").make(in("share-" + name, publish(name, layout)));
    }

    @Test
    void wrongBytesOfABlobAreNeverRead() throws IOException {
        byte[] contents = new byte[3 * MIB];
        new Random(1).nextBytes(contents);
        Path layout = bed.directory("random");
        OciLayout.write(layout, DebianImage.TAG, List.of(List.of(TarEntry.file("data", contents))));
        String reference = Nydus.form("zstd").make(in("corrupt", publish("corrupt", layout)));
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        node.client().pullLazily(reference, SluiceProcess.NAME);
        flip(manifest.layers().get(0).path("digest").asText(), MIB + 4711);

        try (MountedView view = node.client().view(SluiceProcess.NAME, manifest.chainId(), bed.directory("m-corrupt"));
                RandomAccessFile file =
                        new RandomAccessFile(view.target().resolve("data").toFile(), "r")) {
            byte[] first = new byte[MIB];
            file.readFully(first);
            assertThat(first).isEqualTo(Arrays.copyOf(contents, MIB));
            assertThatThrownBy(() -> file.readFully(new byte[MIB])).isInstanceOf(IOException.class);
        }
        assertThat(Files.readString(node.sluice().log())).contains("does not match the digest");
    }

    private PlainImage publish(String name, Path layout) throws IOException {
        String reference = registry.address() + "/" + name + ":plain";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        return new PlainImage(layout, reference, node.client(), bed.directory(), Path.of("tools"));
    }

    /** For a maker that needs an empty directory. */
    private PlainImage in(String work, PlainImage image) throws IOException {
        return new PlainImage(
                image.layout(), image.reference(), image.containerd(), bed.directory("w-" + work), image.tools());
    }

    /** Changes a bit of a blob where the registry keeps it. */
    private void flip(String digest, long offset) throws IOException {
        String hex = digest.substring("sha256:".length());
        Path blob = bed.directory("r")
                .resolve("data/docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data");
        try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
            file.seek(offset);
            int old = file.read();
            file.seek(offset);
            file.write(old ^ 1);
        }
    }
}
