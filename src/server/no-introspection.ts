/** What introspection answers when it is off. */
import {
  type ASTVisitor,
  GraphQLError,
  getNamedType,
  isIntrospectionType,
  TypeMetaFieldDef,
  type ValidationContext,
} from 'graphql';

/**
 * A validation rule that refuses introspection, except `__type` with nothing but texts: clients may ask for a type to
 * learn whether it exists, and GraphQL over HTTP's audits do. With `hideTypes`, none does.
 */
export function noIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      const type = getNamedType(context.getType());
      if (!type || !isIntrospectionType(type) || node.name.value === '__type') return;
      context.reportError(
        new GraphQLError(`GraphQL introspection is switched off, but the query contains "${node.name.value}".`, {
          nodes: node,
        }),
      );
    },
  };
}

/** From now on no type exists for `__type`. graphql-js has one definition of this field for the whole process. */
export function hideTypes(): void {
  TypeMetaFieldDef.resolve = () => null;
}
