package dev.sluice.e2e;

import java.util.List;

/** What a container does first in the demonstration: a language's runtime starts and says so. */
enum Workload {
    PYTHON,
    NODE,
    JAVA;

    List<String> command() {
        return switch (this) {
            case PYTHON ->
                List.of("python3", "-c", "import json, sys; print(json.dumps({'python': sys.version.split()[0]}))");
            case NODE -> List.of("node", "-e", "console.log(JSON.stringify({node: process.version}))");
            case JAVA -> List.of("java", "--version");
        };
    }
}
