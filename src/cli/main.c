#include <stdio.h>

#include "cli/cli.h"

int main(void)
{
    printf("wadokit %s\n", wk_version());
    return 0;
}
