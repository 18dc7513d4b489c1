#include "runtimes/runtimes.h"
