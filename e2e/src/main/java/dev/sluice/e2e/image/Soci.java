package dev.sluice.e2e.image;

import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes SOCI indexes of images in a plain HTTP registry, with soci's own program. Immutable.
 *
 * @param program as it was built
 * @param containerd holds images while they are indexed, and afterwards
 * @param root where soci keeps what it knows; one that has indexed a layer before does not index it again
 * @param spanSize in bytes that are not compressed
 * @param minLayerSize layers of fewer compressed bytes get no ztoc
 * @param prefetch paths of files that are wanted at start
 */
public record Soci(
        Path program, ContainerdClient containerd, Path root, long spanSize, long minLayerSize, List<String> prefetch) {
    public Soci {
        prefetch = List.copyOf(prefetch);
    }

    /** Indexes all layers, in spans of 4 MiB as soci does by itself. */
    public static Soci of(Path program, ContainerdClient containerd, Path root) {
        return new Soci(program, containerd, root, 4 << 20, 0, List.of());
    }

    /** An image that names its index, of version 2. */
    public static ImageForm convertedForm() {
        return ImageForm.of("soci", (image, target) -> forForms(image).convert(image.reference(), target))
                .withClients(ClientProgram.SOCI);
    }

    /** An image to which an index of version 1 refers. */
    public static ImageForm indexedForm() {
        return ImageForm.of("soci-v1", (image, target) -> {
                    ImagePublisher.push(image.layout(), DebianImage.TAG, target);
                    forForms(image).index(target);
                })
                .withClients(ClientProgram.SOCI)
                .withConfiguration("[index]\npolicy = \"same-registry\"\n");
    }

    private static Soci forForms(PlainImage image) throws IOException {
        Path program = ClientProgram.SOCI
                .build(image.tools())
                .orElseThrow(() -> new IOException("Tried to run soci but failed because: it cannot be built here"));
        return of(program, image.containerd(), image.work().resolve("soci")).withSpanSize(1 << 20);
    }

    public Soci withSpanSize(long bytes) {
        return new Soci(program, containerd, root, bytes, minLayerSize, prefetch);
    }

    public Soci withMinLayerSize(long bytes) {
        return new Soci(program, containerd, root, spanSize, bytes, prefetch);
    }

    public Soci withPrefetch(String... paths) {
        return new Soci(program, containerd, root, spanSize, minLayerSize, List.of(paths));
    }

    /** Publishes an index of version 1, which refers to the image and leaves it as it is. */
    public void index(String reference) throws IOException {
        fetch(reference);
        soci("create", options(reference));
        soci("push", List.of("--plain-http", reference));
    }

    /** Publishes an image of the same layers with an index of version 2, which its manifest names. */
    public void convert(String source, String target) throws IOException {
        fetch(source);
        List<String> arguments = options(source);
        arguments.add(target);
        soci("convert", arguments);
        containerd.command("images", "push", "--plain-http", target).run();
    }

    private void fetch(String reference) throws IOException {
        containerd.command("content", "fetch", "--plain-http", reference).run();
    }

    private List<String> options(String reference) {
        List<String> arguments = new ArrayList<>(List.of(
                "--force", "--span-size", Long.toString(spanSize), "--min-layer-size", Long.toString(minLayerSize)));
        prefetch.forEach(path -> arguments.addAll(List.of("--prefetch-file", path)));
        arguments.add(reference);
        return arguments;
    }

    private void soci(String command, List<String> arguments) throws IOException {
        containerd
                .otherCommand(program, "--root", root.toString(), command)
                .withArguments(arguments)
                .run();
    }
}
