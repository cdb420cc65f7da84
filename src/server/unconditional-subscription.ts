import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/**
 * A validation rule that refuses `@skip` and `@include` on the field of a subscription, as the specification does since
 * September 2025 (5.2.4.1). Without its field, graphql-js cannot execute a subscription.
 */
export function unconditionalSubscription(context: ValidationContext): ASTVisitor {
  const check = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      const condition = selection.directives?.find(({ name }) => name.value === 'skip' || name.value === 'include');
      if (condition) {
        const message = `The field of a subscription must not have "@${condition.name.value}".`;
        context.reportError(new GraphQLError(message, { nodes: condition }));
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) check(selection.selectionSet);
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? context.getFragment(selection.name.value) : null;
      // No fragment spreads itself: budget.ts refuses it before.
      if (fragment) check(fragment.selectionSet);
    }
  };
  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation === OperationTypeNode.SUBSCRIPTION) check(selectionSet);
    },
  };
}
