package dev.sluice.e2e.image;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.ServiceProcess;
import dev.sluice.e2e.runtime.ClientProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Makes forms of images as {@code docker buildx build} does: a build that adds nothing to the image, and compresses all layers anew. */
public final class BuildKit {

    private BuildKit() {}

    /**
     * The form that BuildKit makes when it exports an image with a compression.
     *
     * @param compression {@code estargz} or {@code zstd}
     */
    public static ImageForm form(String compression) {
        return ImageForm.of(compression + "-buildkit", (image, target) -> push(image, target, compression))
                .withPrograms("runc")
                .withClients(ClientProgram.BUILDKITD, ClientProgram.BUILDCTL);
    }

    private static void push(PlainImage image, String target, String compression) throws IOException {
        Path directory = image.work();
        String registry = target.substring(0, target.indexOf('/'));
        Path config = Files.writeString(
                directory.resolve("buildkitd.toml"), "[registry.\"" + registry + "\"]\nhttp = true\n");
        String address = "unix://" + directory.resolve("s");
        List<String> daemon = List.of(
                image.program(ClientProgram.BUILDKITD).toString(),
                "--config=" + config,
                "--root=" + directory.resolve("root"),
                "--addr=" + address,
                "--containerd-worker=false",
                "--oci-worker=true",
                "--oci-worker-binary=runc",
                "--oci-worker-net=host",
                "--oci-worker-snapshotter=native");
        Command client = Command.of(image.program(ClientProgram.BUILDCTL).toString(), "--addr", address);
        Path context = Files.createDirectories(directory.resolve("context"));
        Files.writeString(context.resolve("Dockerfile"), "FROM " + image.reference() + "\n");
        try (ServiceProcess process =
                ServiceProcess.start("buildkitd", daemon, Map.of(), directory.resolve("buildkitd.log"))) {
            process.awaitReady(() -> client.withArguments(List.of("debug", "workers"))
                            .runForResult()
                            .exitCode()
                    == 0);
            client.withArguments(List.of(
                            "build",
                            "--frontend=dockerfile.v0",
                            "--local=context=" + context,
                            "--local=dockerfile=" + context,
                            "--output=type=image,name=" + target
                                    + ",push=true,oci-mediatypes=true,force-compression=true," + "compression="
                                    + compression))
                    .run();
        }
    }
}
